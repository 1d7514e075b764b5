import { TripcoilError } from '../core/errors.ts';

/** Where a page ended: the time and sequence of its last row. */
export interface RowCursor {
  readonly timeMs: number;
  readonly seq: number;
}

export function writeCursor(cursor: RowCursor): string {
  return Buffer.from(`${cursor.timeMs}.${cursor.seq}`, 'utf8').toString('base64url');
}

/** @throws TripcoilError `bad_request` for anything `writeCursor` did not write. */
export function readCursor(text: string): RowCursor {
  const match = /^(-?\d{1,16})\.(\d{1,16})$/.exec(Buffer.from(text, 'base64url').toString('utf8'));
  const cursor = { timeMs: Number(match?.[1]), seq: Number(match?.[2]) };
  if (!Number.isSafeInteger(cursor.timeMs) || !Number.isSafeInteger(cursor.seq)) {
    throw new TripcoilError('bad_request', 'cursor: expected the `next` of an earlier page');
  }
  return cursor;
}
