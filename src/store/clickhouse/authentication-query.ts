import type { AuthenticationQuery } from '../../ports/store.ts';
import { SIGN_IN } from '../chain-ids.ts';
import { readCursor } from '../cursor.ts';
import type { Statement } from './queries.ts';
import { TABLES } from './schema.ts';

/** One row more than the page is asked for, which tells whether another page follows. */
export function authenticationsStatement(query: AuthenticationQuery): Statement {
  const where = ['kind = {signIn:String}'];
  const parameters: Record<string, string | number | readonly string[]> = {
    signIn: SIGN_IN,
    limit: query.limit + 1,
  };
  const narrow = (clause: string, name: string, value: string | number | readonly string[]) => {
    where.push(clause);
    parameters[name] = value;
  };
  if (query.tenants !== '*') {
    const tenants = query.tenants.map((tenant) => tenant.toWellFormed());
    narrow('tenant IN {tenants:Array(String)}', 'tenants', tenants);
  }
  if (query.agent !== undefined) {
    narrow('agent = {agent:String}', 'agent', query.agent.toWellFormed());
  }
  if (query.outcome !== undefined) narrow('outcome = {outcome:String}', 'outcome', query.outcome);
  if (query.since !== undefined) {
    narrow('time_ms >= {since:Int64}', 'since', Math.ceil(query.since));
  }
  if (query.until !== undefined) {
    narrow('time_ms < {until:Int64}', 'until', Math.ceil(query.until));
  }
  if (query.cursor !== undefined) {
    const after = readCursor(query.cursor);
    narrow('(time_ms, seq) < ({afterTime:Int64}, {afterSeq:UInt64})', 'afterTime', after.timeMs);
    parameters['afterSeq'] = after.seq;
  }
  return {
    sql: `SELECT seq, time_ms, logged_at_ms, body FROM ${TABLES.events} WHERE ${where.join(' AND ')}
ORDER BY time_ms DESC, seq DESC LIMIT 1 BY seq LIMIT {limit:UInt32}`,
    parameters,
  };
}
