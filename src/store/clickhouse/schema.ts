import type { AccessEvent } from '../../core/access-event.ts';
import { chainIdOf } from '../../core/chain.ts';
import type { EpochMs } from '../../core/time.ts';
import type { ProjectionBatch } from '../../ports/store.ts';
import { actionKeyOf, chainIdsOf } from '../chain-ids.ts';
import { linkIdsOf } from '../follow-chain.ts';
import type { Interval } from '../intervals.ts';
import type { SqlRow } from './sql-executor.ts';

/** Carries the version of the schema: another version starts empty and is projected anew. */
export const DATABASE = 'tripcoil_5';

export const TABLES = {
  events: `${DATABASE}.events`,
  findings: `${DATABASE}.findings`,
  transitions: `${DATABASE}.transitions`,
  chainLinks: `${DATABASE}.chain_links`,
  projected: `${DATABASE}.projected`,
} as const;

/** A part is on disk before `projected` says so, lest a power cut leave a gap nobody sees. */
const DURABLE = 'fsync_after_insert = 1, fsync_part_directory = 1';

/**
 * Every table replaces rows of one sorting key, which holds the log's sequence, so that a batch
 * inserted twice leaves one row each after merges; the queries do not wait for merges. Partitions
 * follow log time: event time is the sender's word and could name any number of months.
 */
export const SCHEMA: readonly string[] = [
  `CREATE DATABASE IF NOT EXISTS ${DATABASE}`,
  `CREATE TABLE IF NOT EXISTS ${TABLES.events} (
    seq UInt64 CODEC(Delta, ZSTD(1)),
    logged_at_ms Int64 CODEC(Delta, ZSTD(1)),
    time_ms Int64 CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String),
    agent String CODEC(ZSTD(1)),
    kind LowCardinality(String),
    phase LowCardinality(String),
    action String CODEC(ZSTD(1)),
    outcome LowCardinality(String),
    records Float64,
    action_key String CODEC(ZSTD(1)),
    chain String CODEC(ZSTD(1)),
    jti String CODEC(ZSTD(1)),
    token_ref String CODEC(ZSTD(1)),
    ids Array(String) CODEC(ZSTD(1)),
    body String CODEC(ZSTD(3)),
    INDEX ids_bloom ids TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX chain_bloom chain TYPE bloom_filter(0.001) GRANULARITY 1
  ) ENGINE = ReplacingMergeTree
  PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(logged_at_ms, 'UTC'))
  ORDER BY (tenant, agent, time_ms, seq)
  SETTINGS index_granularity = 1024, ${DURABLE}`,
  `CREATE TABLE IF NOT EXISTS ${TABLES.findings} (
    seq UInt64,
    time_ms Int64,
    tenant LowCardinality(String),
    agent String,
    detector LowCardinality(String),
    chain String,
    score Float64,
    body String CODEC(ZSTD(3))
  ) ENGINE = ReplacingMergeTree ORDER BY (tenant, time_ms, seq) SETTINGS ${DURABLE}`,
  `CREATE TABLE IF NOT EXISTS ${TABLES.transitions} (
    seq UInt64,
    time_ms Int64,
    tenant LowCardinality(String),
    key_kind LowCardinality(String),
    key_id String,
    phase LowCardinality(String),
    level UInt8,
    epoch UInt64,
    body String CODEC(ZSTD(3))
  ) ENGINE = ReplacingMergeTree ORDER BY (tenant, key_kind, key_id, seq) SETTINGS ${DURABLE}`,
  `CREATE TABLE IF NOT EXISTS ${TABLES.chainLinks} (
    seq UInt64,
    tenant LowCardinality(String),
    ids Array(String) CODEC(ZSTD(1)),
    body String CODEC(ZSTD(3)),
    INDEX ids_bloom ids TYPE bloom_filter(0.001) GRANULARITY 1
  ) ENGINE = ReplacingMergeTree ORDER BY (tenant, seq)
  SETTINGS index_granularity = 1024, ${DURABLE}`,
  `CREATE TABLE IF NOT EXISTS ${TABLES.projected} (
    first_seq UInt64,
    last_seq UInt64
  ) ENGINE = ReplacingMergeTree(last_seq) ORDER BY first_seq SETTINGS ${DURABLE}`,
];

export function eventRow(row: ProjectionBatch['events'][number]): SqlRow {
  const event: AccessEvent = row.event;
  return {
    seq: row.seq,
    logged_at_ms: wholeMs(row.loggedAt),
    time_ms: wholeMs(event.time),
    tenant: event.tenant.id.toWellFormed(),
    agent: event.agent.id.toWellFormed(),
    kind: event.kind,
    phase: event.phase,
    action: event.action.name.toWellFormed(),
    outcome: event.outcome.status,
    records: event.volume?.records ?? 0,
    action_key: actionKeyOf(event).toWellFormed(),
    chain: chainIdOf(event).toWellFormed(),
    jti: event.token?.jti?.toWellFormed() ?? '',
    token_ref: event.token?.ref ?? '',
    ids: chainIdsOf(event).map((id) => id.toWellFormed()),
    body: JSON.stringify(event),
  };
}

export function findingRow({ seq, finding }: ProjectionBatch['findings'][number]): SqlRow {
  return {
    seq,
    time_ms: wholeMs(finding.time),
    tenant: finding.tenant.toWellFormed(),
    agent: finding.agent.toWellFormed(),
    detector: finding.detector.toWellFormed(),
    chain: finding.chain.toWellFormed(),
    score: finding.score,
    body: JSON.stringify(finding),
  };
}

export function transitionRow(row: ProjectionBatch['transitions'][number]): SqlRow {
  const { seq, transition } = row;
  return {
    seq,
    time_ms: wholeMs(transition.time),
    tenant: transition.key.tenant.toWellFormed(),
    key_kind: transition.key.kind,
    key_id: transition.key.id.toWellFormed(),
    phase: transition.to,
    level: transition.level,
    epoch: transition.epoch,
    body: JSON.stringify(transition),
  };
}

export function chainLinkRow(row: ProjectionBatch['chainLinks'][number]): SqlRow {
  return {
    seq: row.seq,
    tenant: row.tenant.toWellFormed(),
    ids: linkIdsOf(row.link).map((id) => id.toWellFormed()),
    body: JSON.stringify(row.link),
  };
}

export function projectedRow({ first, last }: Interval): SqlRow {
  return { first_seq: first, last_seq: last };
}

/** Spans have nanoseconds; the columns have milliseconds, the bodies keep what came. */
export function wholeMs(time: EpochMs): number {
  return Math.trunc(time);
}
