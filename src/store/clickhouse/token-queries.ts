import type { AccessEvent } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { tokenKeysOf } from '../../core/token-life.ts';
import { tokenIdsOf } from '../chain-ids.ts';
import type { Statement } from './queries.ts';
import { TABLES } from './schema.ts';

/** The name of a token in its tenant; `jti` is empty where nobody told it. */
export interface TokenName {
  readonly tenant: string;
  readonly jti: string;
}

const IS_ASKED =
  'hasAny(ids, {asked:Array(String)}) AND (jti = {id:String} OR token_ref = {id:String})';

/** Names of the tokens that have this as their `jti` or reference. */
export function tokenNamesStatement(tenants: readonly string[] | '*', id: string): Statement {
  const within = tenants === '*' ? '' : 'AND tenant IN {tenants:Array(String)}';
  return {
    sql: `SELECT DISTINCT tenant, jti FROM ${TABLES.events}
WHERE ${IS_ASKED} ${within} ORDER BY tenant, jti LIMIT {limit:UInt32}`,
    parameters: {
      id: id.toWellFormed(),
      asked: wellFormed(tokenIdsOf(id)),
      limit: LIMITS.tokenKeys,
      ...(tenants === '*' ? {} : { tenants: wellFormed(tenants) }),
    },
  };
}

/** Events of these tokens, with those that have only the reference asked for. */
export function tokenRowsStatement(
  names: readonly TokenName[],
  id: string,
  limit: number,
): Statement {
  const named = names.filter(({ jti }) => jti !== '');
  return {
    sql: `SELECT seq, logged_at_ms, body FROM ${TABLES.events}
WHERE tenant IN {tenants:Array(String)} AND ((${IS_ASKED}) OR (hasAny(ids, {jtis:Array(String)})
  AND concat(tenant, '\\n', jti) IN {names:Array(String)}))
ORDER BY time_ms, seq LIMIT 1 BY seq LIMIT {limit:UInt32}`,
    parameters: {
      id: id.toWellFormed(),
      asked: wellFormed(tokenIdsOf(id)),
      tenants: wellFormed(names.map(({ tenant }) => tenant)),
      jtis: wellFormed(named.flatMap(({ jti }) => tokenIdsOf(jti))),
      names: wellFormed(named.map(({ tenant, jti }) => `${tenant}\n${jti}`)),
      limit,
    },
  };
}

/** Steps of the breakers that take the token of these events along, the latest first. */
export function tokenBreakersStatement(events: readonly AccessEvent[]): Statement {
  const keys = tokenKeysOf(events);
  return {
    sql: `SELECT seq, body FROM ${TABLES.transitions}
WHERE key_kind = 'global' OR (key_kind = 'tenant' AND tenant IN {tenants:Array(String)})
  OR (key_id IN {ids:Array(String)}
    AND concat(tenant, '\\n', key_kind, '\\n', key_id) IN {keys:Array(String)})
ORDER BY seq DESC LIMIT 1 BY seq LIMIT {limit:UInt32}`,
    parameters: {
      tenants: wellFormed([...new Set(events.map(({ tenant }) => tenant.id))]),
      ids: wellFormed(keys.map(({ id }) => id)),
      keys: wellFormed(keys.map(({ tenant, kind, id }) => `${tenant}\n${kind}\n${id}`)),
      limit: LIMITS.tokenBreakerSteps,
    },
  };
}

function wellFormed(texts: readonly string[]): readonly string[] {
  return texts.map((text) => text.toWellFormed());
}
