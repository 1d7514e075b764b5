import type { KeyBody } from './breaker-contract.ts';

/** One step of a token's life; see docs/identity.md. */
export interface TokenStepBody {
  /** `issued`, `presented`, `accepted`, `rejected`, `expired` or `revoked`. */
  readonly state: string;
  readonly time: string;
  /** The entry of the log that shows it; null for the passing of `exp`. */
  readonly seq: number | null;
  readonly event_id: string | null;
  /** The source that told, `breaker` for a revocation of ours, `exp` for expiry. */
  readonly by: string;
  readonly trust: string | null;
  readonly agent: string | null;
  /** What was done with it, or why it was revoked. */
  readonly what: string;
  /** `verified`, or why not; null where no token came with the record. */
  readonly verification: string | null;
  readonly revoked_by: {
    readonly key: KeyBody;
    readonly level: number;
    readonly epoch: number;
  } | null;
}

export interface TokenBody {
  /** Null where only its reference is known. */
  readonly jti: string | null;
  readonly asked: string;
  readonly tenant: string;
  readonly state: string;
  /** The first time of each; null for what nobody told. `expires` may lie ahead. */
  readonly times: {
    readonly issued: string | null;
    readonly presented: string | null;
    readonly accepted: string | null;
    readonly rejected: string | null;
    readonly expires: string | null;
    readonly revoked: string | null;
  };
  readonly issuers: readonly string[];
  readonly subject: string | null;
  readonly transaction: string | null;
  readonly agents: readonly string[];
  /** Keyed references; more than one where several texts went under this name. */
  readonly refs: readonly string[];
  readonly problems: readonly string[];
  readonly steps: readonly TokenStepBody[];
  /** Visible tenants that have a token of this name, too. */
  readonly other_tenants: readonly string[];
  readonly truncated: boolean;
}
