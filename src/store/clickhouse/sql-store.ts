import type { Transition } from '../../core/breaker.ts';
import type { Finding } from '../../core/finding.ts';
import type {
  ChainHead,
  ChainQuery,
  Needles,
  Page,
  ProjectionBatch,
  Store,
  StoredToken,
} from '../../ports/store.ts';
import { writeCursor } from '../cursor.ts';
import { covers, gaplessEnd, type Intervals, mergedWith, withInterval } from '../intervals.ts';
import { authenticationsStatement } from './authentication-query.ts';
import { chainOf, wholeChains } from './chain-reading.ts';
import {
  activityStatement,
  chainsStatement,
  ERASED_TABLES,
  type ErasedTable,
  erasureStatement,
  findingsStatement,
  holdingStatement,
  PROJECTED_SQL,
  type Statement,
} from './queries.ts';
import {
  chainLinkRow,
  eventRow,
  findingRow,
  projectedRow,
  SCHEMA,
  TABLES,
  transitionRow,
} from './schema.ts';
import type { SqlExecutor, SqlRow } from './sql-executor.ts';
import { chainRowOf, numberOf, textOf } from './sql-rows.ts';
import {
  tokenBreakersStatement,
  tokenNamesStatement,
  tokenRowsStatement,
} from './token-queries.ts';

/**
 * The store over any engine that speaks ClickHouse SQL. Creates what is missing and reads how far
 * the projection got. What it remembers of that is at most behind the engine, never ahead, so it
 * stays valid while the engine is away.
 */
export async function createSqlStore(executor: SqlExecutor): Promise<Store> {
  for (const statement of SCHEMA) await executor.exec(statement);
  let projected = await readIntervals(executor);
  const run = ({ sql, parameters }: Statement) => executor.exec(sql, parameters);
  return {
    projectedSeq: async () => gaplessEnd(projected),
    project: async (batch) => {
      const interval = { first: batch.firstSeq, last: batch.lastSeq };
      if (covers(projected, interval)) return;
      await insertRows(executor, batch);
      for (const { tenant, needles, seq } of batch.tombstones ?? []) {
        await eraseRows(executor, tenant, needles, seq);
      }
      // Last: a crash before this line has the batch projected again, over the same rows.
      await executor.insert(TABLES.projected, [projectedRow(mergedWith(projected, interval))]);
      projected = withInterval(projected, interval);
    },
    findings: async (query) => {
      const rows = await run(findingsStatement(query));
      return pageOf(query, rows, (row) => JSON.parse(textOf(row, 'body')) as Finding);
    },
    chain: (tenants, id, limit) => chainOf(run, tenants, id, limit),
    wholeChains: (locals, limit) => wholeChains(run, locals, limit),
    chains: async (query) => headsOf(query, await run(chainsStatement(query))),
    authentications: async (query) =>
      pageOf(query, await run(authenticationsStatement(query)), chainRowOf),
    token: (tenants, id, limit) => tokenOf(run, tenants, id, limit),
    activity: async (query) =>
      (await run(activityStatement(query))).map((row) => ({
        bucket: numberOf(row, 'bucket'),
        calls: numberOf(row, 'calls'),
        records: numberOf(row, 'records'),
      })),
    countHolding: async (tenant, needles) => {
      const count = async (table: ErasedTable) => {
        const [row] = await run(holdingStatement(table, tenant, needles));
        return row === undefined ? 0 : numberOf(row, 'n');
      };
      return {
        events: await count('events'),
        findings: await count('findings'),
        transitions: await count('transitions'),
      };
    },
    erase: (tenant, needles, beforeSeq) => eraseRows(executor, tenant, needles, beforeSeq),
    healthy: () => executor.healthy(),
    close: () => executor.close(),
  };
}

async function tokenOf(
  run: (statement: Statement) => Promise<readonly SqlRow[]>,
  tenants: readonly string[] | '*',
  id: string,
  limit: number,
): Promise<StoredToken> {
  // What an event lacks reads as empty, too.
  const named = id === '' ? [] : await run(tokenNamesStatement(tenants, id));
  const names = named.map((row) => ({ tenant: textOf(row, 'tenant'), jti: textOf(row, 'jti') }));
  if (names.length === 0) return { rows: [], transitions: [] };
  const rows = (await run(tokenRowsStatement(names, id, limit))).map(chainRowOf);
  const steps = await run(tokenBreakersStatement(rows.map(({ event }) => event)));
  const transitions = steps.map((row) => ({
    seq: numberOf(row, 'seq'),
    transition: JSON.parse(textOf(row, 'body')) as Transition,
  }));
  return { rows, transitions: transitions.reverse() };
}

async function readIntervals(executor: SqlExecutor): Promise<Intervals> {
  let intervals: Intervals = [];
  for (const row of await executor.exec(PROJECTED_SQL)) {
    const interval = { first: numberOf(row, 'first_seq'), last: numberOf(row, 'last_seq') };
    intervals = withInterval(intervals, interval);
  }
  return intervals;
}

async function insertRows(executor: SqlExecutor, batch: ProjectionBatch): Promise<void> {
  await executor.insert(TABLES.events, batch.events.values().map(eventRow));
  await executor.insert(TABLES.findings, batch.findings.values().map(findingRow));
  await executor.insert(TABLES.chainLinks, batch.chainLinks.values().map(chainLinkRow));
  await executor.insert(TABLES.transitions, batch.transitions.values().map(transitionRow));
}

async function eraseRows(
  executor: SqlExecutor,
  tenant: string,
  needles: Needles,
  beforeSeq: number,
): Promise<void> {
  for (const table of ERASED_TABLES) {
    const { sql, parameters } = erasureStatement(table, tenant, needles, beforeSeq);
    await executor.exec(sql, parameters);
  }
}

function pageOf<Row>(
  query: { readonly limit: number },
  rows: readonly SqlRow[],
  read: (row: SqlRow) => Row,
): Page<Row> {
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const next =
    last !== undefined && rows.length > page.length
      ? writeCursor({ timeMs: numberOf(last, 'time_ms'), seq: numberOf(last, 'seq') })
      : null;
  return { rows: page.map(read), next };
}

function headsOf(query: ChainQuery, found: readonly SqlRow[]): Page<ChainHead> {
  const rows = found.slice(0, query.limit).map((row): ChainHead => {
    const firstTime = numberOf(row, 'first_ms');
    const firstSeq = numberOf(row, 'first_seq');
    const cursor = writeCursor({ timeMs: firstTime, seq: firstSeq });
    const chain = textOf(row, 'chain');
    return { tenant: textOf(row, 'tenant'), chain, firstTime, firstSeq, cursor };
  });
  return { rows, next: found.length > rows.length ? (rows.at(-1)?.cursor ?? null) : null };
}
