import type { EpochMs } from '../core/time.ts';
import type { Principal } from './ingest.ts';

/** What somebody looked at, by an id of it. */
export interface Evidence {
  readonly tenant: string;
  readonly kind: 'agent' | 'chain' | 'token' | 'proof';
  readonly id: string;
}

/** That somebody looked at something, as recorded. */
export interface EvidenceView extends Evidence {
  readonly actor: string;
  readonly at: EpochMs;
}

/** Who looked at which evidence: it is recorded, once in a while for each. */
export interface EvidenceViews {
  saw(viewer: Principal, evidence: Evidence): void;
  /** The latest since this process began, newest first. */
  latest(tenants: readonly string[] | '*', limit: number): readonly EvidenceView[];
}
