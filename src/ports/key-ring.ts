/** Keys of the process. Private material never leaves the adapter. */
export interface KeyRing {
  /** Key for pseudonyms of one tenant, 32 bytes. */
  pseudonymKey(tenant: string): { readonly id: string; readonly secret: Uint8Array };
  /** Signs a JWT payload (RS256) with the given `typ` header; returns the compact form. */
  signJwt(payload: Readonly<Record<string, unknown>>, typ: string): Promise<string>;
  /** Public keys, for `jwks_uri`. */
  jwks(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
}
