import { setImmediate as turn } from 'node:timers/promises';
import type { ReceivedEvent } from '../../core/access-event.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reject } from '../../core/reject.ts';
import { decodeUtf8, jsonBodySteps } from '../json-body.ts';
import { runInTurns } from '../steps.ts';
import type { NativeResult } from './native.ts';
import { parseNativeLine, parseNativeValue } from './native.ts';

/** How records stand in a text: one JSON value, a JSON array, or one JSON value a line. */
export type Shape = 'object' | 'array' | 'ndjson';

/** What a body of native events came to. */
export interface NativeBatch {
  readonly shape: Shape;
  readonly events: ReceivedEvent[];
  /** Line number from 1 for NDJSON, index from 0 otherwise; of each event. */
  readonly positions: number[];
  readonly rejects: Reject[];
}

/**
 * Reads a whole body of native events in any of the three shapes. Others run after every
 * `LIMITS.ingestSliceChars` of lines; `nextTurn` resolves when they have.
 * @throws TripcoilError `bad_request` when nothing in it is JSON, `payload_too_large` when it holds
 * more than `LIMITS.recordsPerBody` records.
 */
export async function parseNativeBody(
  bytes: Uint8Array,
  declared: Shape | null,
  nextTurn: () => Promise<unknown> = turn,
): Promise<NativeBatch> {
  const text = decodeUtf8(bytes);
  const shape = declared ?? sniffShape(text);
  const batch: NativeBatch = { shape, events: [], positions: [], rejects: [] };
  if (text.trim() === '') return batch;
  if (shape === 'ndjson') await readLines(batch, text, nextTurn);
  else {
    const value = await runInTurns(jsonBodySteps(bytes), nextTurn);
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.length > LIMITS.recordsPerBody) throw tooMany();
    for (let index = 0; index < values.length; index++) {
      if (index > 0 && index % ITEMS_PER_TURN === 0) await nextTurn();
      take(batch, index, parseNativeValue(values[index], index));
    }
  }
  const { events, rejects } = batch;
  const isNoJson = rejects.length > 0 && rejects.every(({ code }) => code === 'malformed');
  if (events.length === 0 && isNoJson) {
    throw new TripcoilError('bad_request', 'nothing in the body is valid JSON');
  }
  return batch;
}

/** Judges a text by its first characters: an array, else lines if the first line stands alone. */
export function sniffShape(text: string): Shape {
  const start = text.search(/\S/);
  if (start < 0 || text[start] === '[') return 'array';
  const end = text.indexOf('\n', start);
  if (end < 0 || end - start > LIMITS.eventBytes || text.slice(end).trim() === '') return 'object';
  try {
    JSON.parse(text.slice(start, end));
    return 'ndjson';
  } catch {
    // Either a value over several lines, or a first line that is broken among good ones.
    const second = text.slice(end).trimStart();
    return second.startsWith('{') ? 'ndjson' : 'object';
  }
}

/** Items of an array that is parsed already, worked off before others get their turn. */
const ITEMS_PER_TURN = 256;

async function readLines(
  batch: NativeBatch,
  text: string,
  nextTurn: () => Promise<unknown>,
): Promise<void> {
  let charsLeft: number = LIMITS.ingestSliceChars;
  for (const { content, line } of linesOf(text)) {
    if (charsLeft <= 0) {
      await nextTurn();
      charsLeft = LIMITS.ingestSliceChars;
    }
    charsLeft -= content.length;
    take(batch, line, parseNativeLine(content, line));
  }
}

/**
 * The lines that are not blank, with their number from 1.
 * @throws TripcoilError `payload_too_large` beyond `LIMITS.recordsPerBody` of them.
 */
export function* linesOf(
  text: string,
): Generator<{ readonly content: string; readonly line: number }> {
  let records = 0;
  let line = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    line++;
    const content = text.slice(start, end);
    start = end + 1;
    if (content.trim() === '') continue;
    if (++records > LIMITS.recordsPerBody) throw tooMany();
    yield { content, line };
  }
}

function take(batch: NativeBatch, position: number, result: NativeResult): void {
  if ('event' in result) {
    batch.events.push(result.event);
    batch.positions.push(position);
  } else batch.rejects.push(result.reject);
}

/** More records than one body may hold. */
export function tooMany(): TripcoilError {
  const message = `one body holds at most ${LIMITS.recordsPerBody} records`;
  return new TripcoilError('payload_too_large', message);
}
