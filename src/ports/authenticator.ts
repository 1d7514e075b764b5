import type { Principal } from './ingest.ts';

/** Turns a bearer token into a caller. */
export interface Authenticator {
  /** Null when the token is unknown. Constant time in the token. */
  authenticate(bearerToken: string): Principal | null;
}
