import type { AccessEvent } from '../../core/access-event.ts';
import type { AuthenticationQuery, ChainRow, Page } from '../../ports/store.ts';
import { SIGN_IN } from '../chain-ids.ts';
import { readCursor, writeCursor } from '../cursor.ts';

/** One page of the authentications among the rows that `rowsOf` keeps, the latest first. */
export function authenticationsPage(
  rowsOf: (keep: (event: AccessEvent) => boolean) => readonly ChainRow[],
  isSeen: (tenant: string) => boolean,
  query: AuthenticationQuery,
): Page<ChainRow> {
  const after = query.cursor === undefined ? null : readCursor(query.cursor);
  const matching = rowsOf((event) => isSeen(event.tenant.id) && isAsked(query, event))
    .filter(({ seq, event }) => {
      const timeMs = Math.trunc(event.time);
      return (
        after === null || timeMs < after.timeMs || (timeMs === after.timeMs && seq < after.seq)
      );
    })
    .sort((a, b) => Math.trunc(b.event.time) - Math.trunc(a.event.time) || b.seq - a.seq);
  const rows = matching.slice(0, query.limit);
  const last = rows.at(-1);
  const next =
    last !== undefined && matching.length > rows.length
      ? writeCursor({ timeMs: Math.trunc(last.event.time), seq: last.seq })
      : null;
  return { rows, next };
}

function isAsked({ agent, outcome, since, until }: AuthenticationQuery, event: AccessEvent) {
  const timeMs = Math.trunc(event.time);
  return (
    event.kind === SIGN_IN &&
    (agent === undefined || event.agent.id === agent) &&
    (outcome === undefined || event.outcome.status === outcome) &&
    (since === undefined || timeMs >= since) &&
    (until === undefined || timeMs < until)
  );
}
