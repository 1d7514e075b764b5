import type { AccessEvent } from '../../core/access-event.ts';
import type { AuthenticationQuery, ChainRow, Page } from '../../ports/store.ts';
import { SIGN_IN } from '../chain-ids.ts';
import { newestPage } from './newest-page.ts';

/** One page of the authentications among the rows that `rowsOf` keeps, the latest first. */
export function authenticationsPage(
  rowsOf: (keep: (event: AccessEvent) => boolean) => readonly ChainRow[],
  isSeen: (tenant: string) => boolean,
  query: AuthenticationQuery,
): Page<ChainRow> {
  const asked = rowsOf((event) => isSeen(event.tenant.id) && isAsked(query, event));
  return newestPage(asked, ({ event, seq }) => ({ timeMs: Math.trunc(event.time), seq }), query);
}

function isAsked(query: AuthenticationQuery, event: AccessEvent) {
  const { agent, outcome, since, until, without } = query;
  const timeMs = Math.trunc(event.time);
  return (
    event.kind === SIGN_IN &&
    event.tenant.id !== without &&
    (agent === undefined || event.agent.id === agent) &&
    (outcome === undefined || event.outcome.status === outcome) &&
    (since === undefined || timeMs >= since) &&
    (until === undefined || timeMs < until)
  );
}
