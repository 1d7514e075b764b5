import type { EpochMs } from '../core/time.ts';

/** What a rotation of the signing key came to. */
export interface SigningRotation {
  readonly kid: string;
  readonly previousKid: string;
  /** When the new key begins to sign. */
  readonly usedFrom: EpochMs;
}

/** Keys of the process. Private material never leaves the adapter. */
export interface KeyRing {
  /** Key for pseudonyms of one tenant, 32 bytes. */
  pseudonymKey(tenant: string): { readonly id: string; readonly secret: Uint8Array };
  /** Signs a JWT payload (RS256) with the given `typ` header; returns the compact form. */
  signJwt(payload: Readonly<Record<string, unknown>>, typ: string): Promise<string>;
  /** Public keys, for `jwks_uri`. */
  jwks(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
  /**
   * Publishes a new key, which signs once receivers can know it, or `atOnce` where the old one is
   * known to others; the old one stays in `jwks` until its tokens are gone.
   */
  rotateSigningKey(atOnce?: boolean): Promise<SigningRotation>;
  /** A secret of a tenant's settings as it may be written down. */
  seal(tenant: string, text: string): string;
  /** The secret again; null when it was sealed with another key, or is damaged. */
  unseal(tenant: string, sealed: string): string | null;
  /** Ends the threads that sign. */
  close(): Promise<void>;
}
