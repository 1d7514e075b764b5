import type { Trust } from '../core/access-event.ts';
import type { EpochMs } from '../core/time.ts';

/** One source of one tenant, as the engine knows it. */
export interface SourceView {
  readonly tenant: string;
  /** As findings name it. */
  readonly id: string;
  readonly name: string;
  readonly format: string;
  readonly sender: string;
  readonly trust: Trust;
  /** `sending`, `quiet` beyond a few of its pauses but no finding, or `silent` with a finding. */
  readonly state: 'sending' | 'quiet' | 'silent';
  readonly perSecond: number;
  readonly perSecondHour: number;
  readonly lagP50Ms: number | null;
  readonly lagP99Ms: number | null;
  readonly firstSeen: EpochMs;
  readonly lastSeen: EpochMs;
  readonly watermark: EpochMs;
  readonly accepted: number;
  readonly duplicates: number;
  /** Null where the source numbers nothing. */
  readonly sequence: {
    readonly last: number;
    readonly restarts: number;
    readonly missing: number;
    readonly gaps: readonly {
      readonly from: number;
      readonly to: number;
      readonly since: EpochMs;
      /** False while it may still be reordering. */
      readonly told: boolean;
    }[];
  } | null;
  readonly silence: {
    readonly since: EpochMs | null;
    /** Null where silence is not judged. */
    readonly allowedMs: number | null;
    readonly longestPauseMs: number;
    readonly unjudged: 'young' | 'rare' | 'off' | null;
  };
}

/** One attribute or name seen, and how often among the records looked at. */
export interface Seen {
  readonly key: string;
  readonly count: number;
}

/** Records that could not be attributed in one respect, and what would mend it. */
export interface Unattributed {
  readonly missing: 'agent' | 'tenant' | 'operation' | 'action';
  readonly count: number;
  readonly candidates: readonly Seen[];
  /** Lines for the configuration or, for operations, the grants file. */
  readonly fix: string;
  readonly fixIn: 'configuration' | 'grants' | 'sender';
}

/** What one credential delivered to one receiver, since the process started. */
export interface IntakeView {
  readonly sender: string;
  readonly trust: Trust;
  readonly tenants: readonly string[] | '*';
  readonly format: string;
  readonly accepted: number;
  readonly ignored: number;
  readonly quarantined: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly lastAt: EpochMs | null;
  readonly examples: readonly {
    readonly at: EpochMs;
    readonly code: string;
    readonly path: string;
    readonly message: string;
    readonly shape: string | null;
  }[];
  readonly unknownAttributes: readonly Seen[];
  readonly unattributed: readonly Unattributed[];
}

/** One topic being read. */
export interface BusSourceView {
  readonly name: string;
  readonly topic: string;
  readonly format: string;
  readonly tenants: readonly string[];
  readonly state: string;
  readonly lag: number | null;
  /** Lag by partition, as far as known. */
  readonly partitions: ReadonlyMap<number, number>;
}

export interface IngestStatus {
  sources(tenants: readonly string[] | '*'): readonly SourceView[];
  /** Of credentials whose tenants the caller sees all. */
  intakes(tenants: readonly string[] | '*'): readonly IntakeView[];
  /** Requests refused whole, by receiver and code; of the process. */
  turnedAway(): readonly {
    readonly format: string;
    readonly code: string;
    readonly count: number;
  }[];
  queue(): {
    readonly length: number;
    readonly capacity: number;
    readonly overloaded: boolean;
    readonly writable: boolean;
  };
}
