import type { AccessEvent } from '../core/access-event.ts';
import type { Redacted } from '../core/redacted.ts';
import type { Reject } from '../core/reject.ts';
import type { Principal } from './ingest.ts';

/** A record of which nothing came, by the names of its attributes; values are never looked at. */
export interface Overlooked {
  /** It tells of no agent's action, of one by nobody, or for nobody. */
  readonly why: 'not_an_action' | 'no_agent' | 'no_tenant';
  readonly keys: readonly string[];
}

/**
 * What receivers tell beside the events, so that a person sees why nothing arrives. Bounded, in
 * memory alone, and never a value of a payload. Calls neither wait nor throw.
 */
export interface IngestNotes {
  /** Requests refused whole, before any record was read; their sender may be nobody known. */
  turnedAway(format: string, code: string): void;
  /** `shapeOf` gives member names and types of the record behind a reject, where they are known. */
  refused(
    sender: Principal,
    format: string,
    rejects: readonly Reject[],
    shapeOf?: (reject: Reject) => string | null,
  ): void;
  /** Records passed over, with a few of them looked at. */
  ignored(sender: Principal, format: string, count: number, samples: readonly Overlooked[]): void;
  /** Events that are durable. */
  accepted(sender: Principal, events: readonly Redacted<AccessEvent>[]): void;
}

export const NO_NOTES: IngestNotes = {
  turnedAway() {},
  refused() {},
  ignored() {},
  accepted() {},
};
