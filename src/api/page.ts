import type { PageBody } from './contract.ts';
import { RequestProblem } from './problem.ts';

/**
 * A page of a live list, by position: a row that moves between two calls may be seen twice or not
 * at all. @throws RequestProblem for a cursor this did not give.
 */
export function pageByPosition<Row, Body>(
  rows: readonly Row[],
  limit: number,
  cursor: string | undefined,
  bodyOf: (row: Row) => Body,
): PageBody<Body> {
  const start = cursor === undefined ? 0 : positionOf(cursor);
  const end = start + limit;
  const next = end < rows.length ? Buffer.from(`at ${end}`, 'utf8').toString('base64url') : null;
  return { items: rows.slice(start, end).map(bodyOf), next };
}

function positionOf(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const digits = /^at (\d{1,9})$/.exec(text)?.[1];
  if (digits !== undefined) return Number(digits);
  const message = 'expected the `next` of an earlier page';
  throw new RequestProblem('bad_request', `cursor: ${message}`, [{ path: 'cursor', message }]);
}
