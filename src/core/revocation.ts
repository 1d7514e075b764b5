import type { BreakerKey, BreakerLevel, TransitionClass } from './breaker.ts';
import type { EpochMs } from './time.ts';

/** Event type URIs of the OpenID CAEP 1.0 and RISC 1.0 specifications. */
export const CAEP_SESSION_REVOKED =
  'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
export const RISC_ACCOUNT_DISABLED =
  'https://schemas.openid.net/secevent/risc/event-type/account-disabled';

/** Our one namespaced SET claim (reference: SSF section 4.2.3 allows extra claims). */
export const BREAKER_CLAIM = 'https://tripcoil.dev/claims/breaker';

/** Levels from here on kill live sessions and tokens, so brokers get a revocation. */
export const REVOKING_LEVEL = 4;

/**
 * An order to every enforcement point. Delivered at least once, in order per subject, until
 * acknowledged or superseded; a replay keeps its `jti`.
 */
export interface Revocation {
  readonly jti: string;
  readonly time: EpochMs;
  readonly eventId: string | null;
  readonly key: BreakerKey;
  /** The agent concerned, where the key is narrower than an agent. */
  readonly agent: string | null;
  readonly level: BreakerLevel;
  readonly term: number;
  readonly epoch: number;
  readonly class: TransitionClass;
  readonly reason: string;
  readonly title: string;
  readonly findingId: string | null;
  /** The trip's transaction: the same for every SET it causes. */
  readonly txn: string;
  readonly events: readonly string[];
  /** Only as sent: an id in it is a pseudonym that nobody can resolve any more (docs/adr/0006). */
  readonly unresolvable?: true;
}
