import type { EpochMs } from '../core/time.ts';
import type { TokenReading } from '../core/token-reading.ts';

/** Reads presented tokens, before the log. */
export interface TokenVerifier {
  /**
   * Verifies a token as of the time it was presented. Resolves within `LIMITS.jwksWaitMs` even
   * while an issuer's keys cannot be had, and never rejects: what is wrong is a fact.
   * `tenants` are those the presenter may send for; issuers of other tenants do not count.
   */
  verify(
    jwt: string,
    presentedAt: EpochMs,
    tenants: readonly string[] | '*',
  ): Promise<TokenReading>;
  /** `hmac-sha256:` and a keyed reference to a token, which no other tenant's resembles. */
  reference(tenant: string, jwt: string): string;
}
