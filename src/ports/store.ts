import type { AccessEvent, OutcomeStatus } from '../core/access-event.ts';
import type { Transition } from '../core/breaker.ts';
import type { ChainLink } from '../core/chain.ts';
import type { Finding } from '../core/finding.ts';
import type { Redacted } from '../core/redacted.ts';
import type { EpochMs } from '../core/time.ts';

/**
 * A consecutive run of the log, cut at fixed sequences so that projecting it twice changes nothing.
 */
export interface ProjectionBatch {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly events: readonly {
    readonly seq: number;
    readonly loggedAt: EpochMs;
    readonly event: Redacted<AccessEvent>;
  }[];
  readonly findings: readonly { readonly seq: number; readonly finding: Finding }[];
  readonly transitions: readonly { readonly seq: number; readonly transition: Transition }[];
  readonly chainLinks: readonly {
    readonly seq: number;
    readonly tenant: string;
    readonly link: ChainLink;
  }[];
  /** Applied after the rows of this batch and of all before it. */
  readonly tombstones?: readonly Tombstone[];
}

export interface FindingQuery {
  readonly tenants: readonly string[] | '*';
  readonly agent?: string;
  readonly detector?: string;
  /** Only the finding with this id. */
  readonly id?: string;
  /** Only findings about one of these chains. */
  readonly chains?: readonly string[];
  readonly since?: EpochMs;
  readonly until?: EpochMs;
  readonly limit: number;
  /** Opaque; from the previous page. */
  readonly cursor?: string;
}

export interface AuthenticationQuery {
  readonly tenants: readonly string[] | '*';
  /** A tenant that is left out of `*`. */
  readonly without?: string;
  /** Only those of this caller: the agent of the event. */
  readonly agent?: string;
  readonly outcome?: OutcomeStatus;
  /** By event time, in whole milliseconds; `until` itself is left out. */
  readonly since?: EpochMs;
  readonly until?: EpochMs;
  readonly limit: number;
  /** Opaque; from the previous page. */
  readonly cursor?: string;
}

export interface ChainQuery {
  readonly tenants: readonly string[] | '*';
  /** Only chains in which this agent took part. */
  readonly agent?: string;
  /** Of the events that count, by event time. */
  readonly since?: EpochMs;
  readonly until?: EpochMs;
  readonly limit: number;
  /** Of the last chain of the previous page. */
  readonly cursor?: string;
}

/** A local chain; what joined several has to be read with `chain`. */
export interface ChainHead {
  readonly tenant: string;
  readonly chain: string;
  /** Whole milliseconds and sequence, each the least of its events that count. */
  readonly firstTime: EpochMs;
  readonly firstSeq: number;
  /** Goes on behind this one. */
  readonly cursor: string;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

/** As projected, so redacted; a store that reads it back from disk cannot vouch for it by type. */
export interface ChainRow {
  readonly seq: number;
  readonly loggedAt: EpochMs;
  readonly event: AccessEvent;
}

/** A chain as stored: its records in order of time, and what joined them, in order of the log. */
export interface StoredChain {
  readonly rows: readonly ChainRow[];
  readonly links: readonly {
    readonly seq: number;
    readonly tenant: string;
    readonly link: ChainLink;
  }[];
  /** Other chains that the id may mean, by ids that mean these alone. */
  readonly others: readonly { readonly tenant: string; readonly chain: string }[];
}

export interface ActivityQuery {
  readonly tenant: string;
  readonly agent: string;
  readonly since: EpochMs;
  readonly bucketMs: number;
}

/** Starts at `bucket`, a multiple of the width asked for; empty buckets are left out. */
export interface ActivityBucket {
  readonly bucket: EpochMs;
  readonly calls: number;
  readonly records: number;
}

/** Rows in which a person's tokens stand. */
export interface RowsHolding {
  readonly events: number;
  readonly findings: number;
  readonly transitions: number;
}

/** Texts of a row's JSON, one of which must stand in it; `*` for every row. */
export type Needles = readonly string[] | '*';

/** Rows that an erasure took out of the log. */
export interface Tombstone {
  readonly seq: number;
  readonly tenant: string;
  readonly needles: Needles;
}

/** All that was logged of a token, and the breaker steps that may have taken it along. */
export interface StoredToken {
  /** In order of time. */
  readonly rows: readonly ChainRow[];
  /** In order of the log. */
  readonly transitions: readonly { readonly seq: number; readonly transition: Transition }[];
}

/** The read side: a projection that can be deleted and rebuilt from the ledger. */
export interface Store {
  /** Highest sequence projected without a gap; 0 when empty. */
  projectedSeq(): Promise<number>;
  /** Idempotent by (firstSeq, lastSeq). */
  project(batch: ProjectionBatch): Promise<void>;
  findings(query: FindingQuery): Promise<Page<Finding>>;
  /**
   * The chain of which some event has `id` as its chain, trace, transaction, token, decision,
   * approval, tool call, request or session id, or which once had it; with a session, all of its
   * chains. Where chains of a tenant have it as ids of several kinds, the strongest kind counts, an
   * event's own id least, and `others` has the rest. `limit` is of rows.
   */
  chain(tenants: readonly string[] | '*', id: string, limit: number): Promise<StoredChain>;
  /**
   * For each of these local chains what `chain` says of it in its tenant, in the same order. For a
   * page of chains: `limit` is of the rows of each.
   */
  wholeChains(
    locals: readonly Pick<ChainHead, 'tenant' | 'chain'>[],
    limit: number,
  ): Promise<readonly StoredChain[]>;
  /**
   * Local chains by their first event that counts, the latest first. Authentications do not count:
   * what is nothing else is no request.
   */
  chains(query: ChainQuery): Promise<Page<ChainHead>>;
  /** Events of kind `authentication`, the latest first. */
  authentications(query: AuthenticationQuery): Promise<Page<ChainRow>>;
  /**
   * The token of which some event has `id` as its `jti` or its reference, with every event that has
   * the same `jti` in the same tenant. `limit` is of rows, the earliest.
   */
  token(tenants: readonly string[] | '*', id: string, limit: number): Promise<StoredToken>;
  /** Calls and records per bucket of one agent, oldest first. */
  activity(query: ActivityQuery): Promise<readonly ActivityBucket[]>;
  /** How many rows of a tenant have any of these texts in their JSON. */
  countHolding(tenant: string, needles: Needles): Promise<RowsHolding>;
  /** Deletes those of them that were logged before a sequence; they are gone when it resolves. */
  erase(tenant: string, needles: Needles, beforeSeq: number): Promise<void>;
  healthy(): boolean;
  close(): Promise<void>;
}
