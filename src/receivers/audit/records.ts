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
  const shape = declared ?? sniffShape(bytes);
  const batch: NativeBatch = { shape, events: [], positions: [], rejects: [] };
  if (isBlank(bytes)) return batch;
  if (shape === 'ndjson') await readLines(batch, bytes, nextTurn);
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
export function sniffShape(bytes: Uint8Array): Shape {
  const start = afterBlanks(bytes, 0);
  if (start === bytes.length || bytes[start] === OPEN_BRACKET) return 'array';
  const end = bytes.indexOf(NEWLINE, start);
  if (end < 0 || end - start > LIMITS.eventBytes) return 'object';
  const second = afterBlanks(bytes, end);
  if (second === bytes.length) return 'object';
  try {
    JSON.parse(decodeUtf8(bytes.subarray(start, end)));
    return 'ndjson';
  } catch {
    // Either a value over several lines, or a first line that is broken among good ones.
    return bytes[second] === OPEN_BRACE ? 'ndjson' : 'object';
  }
}

/** Whether there is nothing in it but blanks. */
export function isBlank(bytes: Uint8Array): boolean {
  return afterBlanks(bytes, 0) === bytes.length;
}

const NEWLINE = 0x0a;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Where something stands that is neither a blank of ASCII nor a byte order mark before all. */
function afterBlanks(bytes: Uint8Array, from: number): number {
  const isMarked = from === 0 && BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte);
  let at = isMarked ? BYTE_ORDER_MARK.length : from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) break;
  }
  return at;
}

/** Items of an array that is parsed already, worked off before others get their turn. */
const ITEMS_PER_TURN = 256;

async function readLines(
  batch: NativeBatch,
  bytes: Uint8Array,
  nextTurn: () => Promise<unknown>,
): Promise<void> {
  let bytesLeft: number = LIMITS.ingestSliceChars;
  for (const { content, line } of linesOf(bytes)) {
    if (bytesLeft <= 0) {
      await nextTurn();
      bytesLeft = LIMITS.ingestSliceChars;
    }
    bytesLeft -= content.length;
    // Of what is too long anyway, no more than shows it is made a text.
    const text = decodeUtf8(content.subarray(0, LONGEST_LINE_BYTES));
    take(batch, line, parseNativeLine(text, line));
  }
}

/** A character of `LIMITS.eventBytes` of them takes at most three bytes each in UTF-8. */
const LONGEST_LINE_BYTES = 3 * (LIMITS.eventBytes + 1);

/**
 * The lines that are not blank, with their number from 1.
 * @throws TripcoilError `payload_too_large` beyond `LIMITS.recordsPerBody` of them.
 */
export function* linesOf(
  bytes: Uint8Array,
): Generator<{ readonly content: Uint8Array; readonly line: number }> {
  let records = 0;
  let line = 0;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    line++;
    const content = bytes.subarray(start, end);
    start = end + 1;
    if (isBlank(content)) continue;
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
