import type { EpochMs } from '../core/time.ts';

/** Where one kind of personal data or secret was met; never the value. */
export interface PersonalFinding {
  readonly tenant: string;
  /** The entity, or `secret:` and which kind of secret. */
  readonly type: string;
  /** Format of the source that brought it, as `otlp.traces`. */
  readonly source: string;
  /** Path of member names to the text that it stood in; lists are passed through. */
  readonly field: string;
  /** As recorded. */
  readonly agent: string;
  /** Values met since the process started. */
  readonly count: number;
  /** Time of the first and the latest event with it. */
  readonly firstSeen: EpochMs;
  readonly lastSeen: EpochMs;
}

/** What redaction met, where: the inventory a data protection officer asks for. */
export interface PersonalFindings {
  /** In order of tenant, type, source, field and agent. */
  list(tenants: readonly string[] | '*'): readonly PersonalFinding[];
  /** Kinds that found no room any more, since the process started. */
  readonly untold: number;
}
