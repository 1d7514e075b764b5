import type { Page } from '../../ports/store.ts';
import { type RowCursor, readCursor, writeCursor } from '../cursor.ts';

/** One page of the rows, the latest first and of equal times the later logged. */
export function newestPage<Row>(
  rows: readonly Row[],
  placeOf: (row: Row) => RowCursor,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): Page<Row> {
  const after = cursor === undefined ? null : readCursor(cursor);
  const matching = rows
    .filter((row) => after === null || newestFirst(placeOf(row), after) > 0)
    .sort((a, b) => newestFirst(placeOf(a), placeOf(b)));
  const page = matching.slice(0, limit);
  const last = page.at(-1);
  const isMore = last !== undefined && matching.length > page.length;
  return { rows: page, next: isMore ? writeCursor(placeOf(last)) : null };
}

function newestFirst(a: RowCursor, b: RowCursor): number {
  return b.timeMs - a.timeMs || b.seq - a.seq;
}
