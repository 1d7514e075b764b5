import type { TokenFailure } from '../core/token-facts.ts';
import type { Principal } from './ingest.ts';

/** Turns a bearer token into a caller. */
export interface Authenticator {
  /** Null when the token is unknown. Constant time in the token. Answers from memory. */
  authenticate(bearerToken: string): Principal | null;
  /**
   * Verifies a signed token ahead of `authenticate`, in bounded time; resolves to what is wrong
   * with it, or null, also for a token that is not signed. Absent where all tokens are static.
   */
  prepare?(bearerToken: string): Promise<TokenFailure | null>;
}

/** What became of a credential that was sent. */
export interface Authentication {
  readonly outcome: 'success' | 'failure';
  /** Null where nobody known sent it. */
  readonly caller: Principal | null;
  /** `unknown_token`, or what is wrong with a signed one. */
  readonly reason: TokenFailure | 'unknown_token' | null;
}

/** Is told of every credential that was sent. Neither blocks nor throws. */
export type AuthenticationObserver = (authentication: Authentication) => void;
