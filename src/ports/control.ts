import type { ReceivedEvent } from '../core/access-event.ts';
import type { BreakerKey } from '../core/breaker.ts';
import type { Command } from '../core/entry.ts';
import type { GrantSet } from '../core/grant.ts';
import type { CheckAnswer } from './breakers.ts';
import type { Principal } from './ingest.ts';

/** An enforcement point's word that it applied `epoch` of `key`. */
export interface Acknowledgement {
  readonly receiver: string;
  /** Others that say the same at the same time. */
  readonly others?: readonly string[];
  readonly key: BreakerKey;
  readonly term: number;
  readonly epoch: number;
}

/** Orders of people and brokers. Each is logged before it takes effect. */
export interface Control {
  /**
   * Resolves to the key as recorded, where personal names are pseudonyms; null without a key.
   * @throws TripcoilError `not_found`, `conflict` (reset of another epoch), `storage_unavailable`.
   */
  command(tenant: string, command: Command): Promise<BreakerKey | null>;
  /** The key as recorded, like that `command` resolves to, without any order. */
  recordedKey(key: BreakerKey): BreakerKey;
  replaceGrants(tenant: string, grants: GrantSet): Promise<void>;
  /** Enforcement points say what they applied; all are recorded together. Idempotent. */
  acknowledge(...acknowledgements: readonly Acknowledgement[]): Promise<void>;
  /** Logs and folds a proposed event, then answers from the breakers. */
  propose(sender: Principal, event: ReceivedEvent): Promise<CheckAnswer>;
}
