import { LIMITS } from '../../core/limits.ts';
import type { ActivityQuery, ChainQuery, FindingQuery, Needles } from '../../ports/store.ts';
import { ACTIVITY_KINDS, SIGN_IN } from '../chain-ids.ts';
import { readCursor } from '../cursor.ts';
import type { LocalChain } from '../follow-chain.ts';
import { Narrowing } from './narrowing.ts';
import { TABLES, wholeMs } from './schema.ts';
import type { SqlParameters } from './sql-executor.ts';

/** A statement whose text is made of constants only; everything asked for is a parameter. */
export interface Statement {
  readonly sql: string;
  readonly parameters: SqlParameters;
}

/** `LIMIT 1 BY seq` hides what a replayed batch left until the engine merges it away. */
const ONE_PER_SEQ = 'LIMIT 1 BY seq';

export const PROJECTED_SQL = `SELECT first_seq, max(last_seq) AS last_seq
FROM ${TABLES.projected} GROUP BY first_seq ORDER BY first_seq`;

/** One row more than the page is asked for, which tells whether another page follows. */
export function findingsStatement(query: FindingQuery): Statement {
  const narrowing = new Narrowing();
  if (query.tenants !== '*') narrowing.by(IN_TENANTS, 'tenants', wellFormed(query.tenants));
  if (query.agent !== undefined) {
    narrowing.by('agent = {agent:String}', 'agent', query.agent.toWellFormed());
  }
  if (query.detector !== undefined) {
    narrowing.by('detector = {detector:String}', 'detector', query.detector.toWellFormed());
  }
  if (query.id !== undefined) {
    narrowing.by("JSONExtractString(body, 'id') = {id:String}", 'id', query.id.toWellFormed());
  }
  if (query.chains !== undefined) {
    narrowing.by('chain IN {chains:Array(String)}', 'chains', wellFormed(query.chains));
  }
  narrowing.byTime(query);
  const { where, parameters } = narrowing;
  parameters['limit'] = query.limit + 1;
  return {
    sql: `SELECT seq, time_ms, body FROM ${TABLES.findings} ${whereOf(where)}
ORDER BY time_ms DESC, seq DESC ${ONE_PER_SEQ} LIMIT {limit:UInt32}`,
    parameters,
  };
}

/**
 * Local chains of the events that carry one of these ids, and by which, in the order of these; up
 * to the limit in all, or of each id.
 */
export function carryingStatement(
  tenants: readonly string[] | '*',
  ids: readonly string[],
  limitOf: 'all' | 'each' = 'all',
): Statement {
  const where = ['hasAny(ids, {ids:Array(String)})', ...inTenants(tenants)];
  return {
    sql: `SELECT tenant, chain, arrayJoin(arrayIntersect(ids, {ids:Array(String)})) AS id,
  min(seq) AS first_seq
FROM ${TABLES.events} ${whereOf(where)} GROUP BY tenant, chain, id
ORDER BY indexOf({ids:Array(String)}, id), first_seq
LIMIT {limit:UInt32}${limitOf === 'each' ? ' BY tenant, id' : ''}`,
    parameters: { ids: wellFormed(ids), limit: LIMITS.chainAliases, ...tenantsOf(tenants) },
  };
}

/** Links that name one of these ids, for so many chains. */
export function linksStatement(
  tenants: readonly string[] | '*',
  ids: readonly string[],
  chains = 1,
): Statement {
  const where = ['hasAny(ids, {ids:Array(String)})', ...inTenants(tenants)];
  return {
    sql: `SELECT seq, tenant, body FROM ${TABLES.chainLinks} ${whereOf(where)}
ORDER BY seq ${ONE_PER_SEQ} LIMIT {limit:UInt32}`,
    parameters: {
      ids: wellFormed(ids),
      limit: chains * LIMITS.chainAliases,
      ...tenantsOf(tenants),
    },
  };
}

/** One local chain more than asked for; grouping hides what a replayed batch left. */
export function chainsStatement(query: ChainQuery): Statement {
  const where = ['kind != {signIn:String}', ...inTenants(query.tenants)];
  const parameters: Record<string, string | number | readonly string[]> = {
    ...tenantsOf(query.tenants),
    signIn: SIGN_IN,
    limit: query.limit + 1,
  };
  if (query.agent !== undefined) {
    where.push('agent = {agent:String}');
    parameters['agent'] = query.agent.toWellFormed();
  }
  if (query.since !== undefined) {
    where.push('time_ms >= {since:Int64}');
    parameters['since'] = Math.ceil(query.since);
  }
  if (query.until !== undefined) {
    where.push('time_ms < {until:Int64}');
    parameters['until'] = Math.ceil(query.until);
  }
  let having = '';
  if (query.cursor !== undefined) {
    const after = readCursor(query.cursor);
    having = 'HAVING (first_ms, first_seq) < ({afterTime:Int64}, {afterSeq:UInt64})';
    parameters['afterTime'] = after.timeMs;
    parameters['afterSeq'] = after.seq;
  }
  return {
    sql: `SELECT tenant, chain, min(time_ms) AS first_ms, min(seq) AS first_seq
FROM ${TABLES.events} ${whereOf(where)} GROUP BY tenant, chain ${having}
ORDER BY first_ms DESC, first_seq DESC LIMIT {limit:UInt32}`,
    parameters,
  };
}

/** The events of local chains, which are of one tenant each: so many in all, or of each. */
export function chainStatement(
  locals: readonly LocalChain[],
  limit: number,
  limitOf: 'all' | 'each' = 'all',
): Statement {
  const found = `SELECT seq, logged_at_ms, body, tenant, chain, time_ms FROM ${TABLES.events}
WHERE chain IN {chains:Array(String)} AND concat(tenant, '\\n', chain) IN {locals:Array(String)}
ORDER BY time_ms, seq ${ONE_PER_SEQ}`;
  return {
    sql:
      limitOf === 'all'
        ? `${found} LIMIT {limit:UInt32}`
        : `SELECT * FROM (${found}) ORDER BY time_ms, seq LIMIT {limit:UInt32} BY tenant, chain`,
    parameters: {
      chains: wellFormed(locals.map(({ chain }) => chain)),
      locals: wellFormed(locals.map(({ tenant, chain }) => `${tenant}\n${chain}`)),
      limit,
    },
  };
}

/** Grouping by action first counts an action once, however many sources or retries reported it. */
export function activityStatement(query: ActivityQuery): Statement {
  return {
    sql: `SELECT bucket, count() AS calls, sum(most) AS records FROM (
  SELECT min(intDiv(time_ms, {width:Int64}) * {width:Int64}) AS bucket, max(records) AS most
  FROM ${TABLES.events}
  WHERE tenant = {tenant:String} AND agent = {agent:String} AND time_ms >= {since:Int64}
    AND phase = 'executed' AND kind IN {kinds:Array(String)}
  GROUP BY action_key
) GROUP BY bucket ORDER BY bucket`,
    parameters: {
      tenant: query.tenant.toWellFormed(),
      agent: query.agent.toWellFormed(),
      since: wholeMs(Math.ceil(query.since)),
      width: query.bucketMs,
      kinds: ACTIVITY_KINDS,
    },
  };
}

function inTenants(tenants: readonly string[] | '*'): readonly string[] {
  return tenants === '*' ? [] : [IN_TENANTS];
}

function tenantsOf(tenants: readonly string[] | '*'): SqlParameters {
  return tenants === '*' ? {} : { tenants: wellFormed(tenants) };
}

const IN_TENANTS = 'tenant IN {tenants:Array(String)}';

function whereOf(clauses: readonly string[]): string {
  return clauses.length === 0 ? '' : `WHERE ${clauses.join(' AND ')}`;
}

function wellFormed(texts: readonly string[]): readonly string[] {
  return texts.map((text) => text.toWellFormed());
}

/** Tables with rows about persons. */
export const ERASED_TABLES = ['events', 'findings', 'transitions', 'chainLinks'] as const;
export type ErasedTable = (typeof ERASED_TABLES)[number];

/** The engine searches for at most 255 texts at once. */
const NEEDLES_AT_ONCE = 200;

/** Rows of a tenant that have any of these texts in their JSON. */
export function holdingStatement(table: ErasedTable, tenant: string, needles: Needles): Statement {
  const { clause, parameters } = holding(tenant, needles);
  return { sql: `SELECT uniqExact(seq) AS n FROM ${TABLES[table]} WHERE ${clause}`, parameters };
}

/** Rewrites the parts that hold such rows, and waits for it. */
export function erasureStatement(
  table: ErasedTable,
  tenant: string,
  needles: Needles,
  beforeSeq: number,
): Statement {
  const { clause, parameters } = holding(tenant, needles);
  return {
    sql: `ALTER TABLE ${TABLES[table]} DELETE WHERE seq < {before:UInt64} AND ${clause}
SETTINGS mutations_sync = 2`,
    parameters: { ...parameters, before: beforeSeq },
  };
}

function holding(tenant: string, needles: Needles) {
  const parameters: Record<string, string | number | readonly string[]> = {
    tenant: tenant.toWellFormed(),
  };
  if (needles === '*') return { clause: 'tenant = {tenant:String}', parameters };
  const searches: string[] = ['0'];
  for (let start = 0; start < needles.length; start += NEEDLES_AT_ONCE) {
    const name = `needles${searches.length}`;
    parameters[name] = wellFormed(needles.slice(start, start + NEEDLES_AT_ONCE));
    searches.push(`multiSearchAny(body, {${name}:Array(String)})`);
  }
  return { clause: `tenant = {tenant:String} AND (${searches.join(' OR ')})`, parameters };
}
