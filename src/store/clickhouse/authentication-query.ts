import type { AuthenticationQuery } from '../../ports/store.ts';
import { SIGN_IN } from '../chain-ids.ts';
import { Narrowing } from './narrowing.ts';
import type { Statement } from './queries.ts';
import { TABLES } from './schema.ts';

/** One row more than the page is asked for, which tells whether another page follows. */
export function authenticationsStatement(query: AuthenticationQuery): Statement {
  const narrowing = new Narrowing();
  narrowing.by('kind = {signIn:String}', 'signIn', SIGN_IN);
  if (query.tenants !== '*') {
    const tenants = query.tenants.map((tenant) => tenant.toWellFormed());
    narrowing.by('tenant IN {tenants:Array(String)}', 'tenants', tenants);
  }
  if (query.without !== undefined) {
    narrowing.by('tenant != {without:String}', 'without', query.without.toWellFormed());
  }
  if (query.agent !== undefined) {
    narrowing.by('agent = {agent:String}', 'agent', query.agent.toWellFormed());
  }
  if (query.outcome !== undefined)
    narrowing.by('outcome = {outcome:String}', 'outcome', query.outcome);
  narrowing.byTime(query);
  const { where, parameters } = narrowing;
  parameters['limit'] = query.limit + 1;
  return {
    sql: `SELECT seq, time_ms, logged_at_ms, body FROM ${TABLES.events} WHERE ${where.join(' AND ')}
ORDER BY time_ms DESC, seq DESC LIMIT 1 BY seq LIMIT {limit:UInt32}`,
    parameters,
  };
}
