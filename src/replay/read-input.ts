import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip, gunzipSync } from 'node:zlib';
import type { ReceivedEvent } from '../core/access-event.ts';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reject } from '../core/reject.ts';
import { parseNativeLine, parseNativeValue } from '../receivers/audit/native.ts';
import { decodeOtlpLogs, decodeOtlpTraces } from '../receivers/otlp/decode.ts';

export const INPUT_FORMATS = ['auto', 'native', 'otlp'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

export interface Input {
  /** Merged by event time, then file, then line. */
  readonly events: readonly ReceivedEvent[];
  readonly rejects: readonly { readonly reject: Reject; readonly file: string }[];
}

/**
 * Reads files of native events (NDJSON, array or single object) or OTLP JSON (one request a line,
 * as the Collector's file exporter writes it), plain or gzipped.
 * @throws TripcoilError `not_found` naming the file.
 */
export async function readInput(
  files: readonly string[],
  format: InputFormat,
  defaultTenant: string,
): Promise<Input> {
  const events: ReceivedEvent[] = [];
  const rejects: { reject: Reject; file: string }[] = [];
  for (const file of files) {
    for await (const record of recordsOf(file)) {
      const read = readRecord(record, format);
      for (const event of read.events) {
        events.push(
          event.tenantClaimed === undefined ? { ...event, tenantClaimed: defaultTenant } : event,
        );
      }
      for (const reject of read.rejects) rejects.push({ reject, file });
    }
  }
  // Array sort is stable, so equal times keep the order of file and line.
  events.sort((left, right) => left.time - right.time);
  return { events, rejects };
}

interface TextRecord {
  readonly text: string;
  /** Line number, from 1. */
  readonly line: number;
}

interface Read {
  readonly events: readonly ReceivedEvent[];
  readonly rejects: readonly Reject[];
}

/** Lines of the file; a file that is one pretty-printed document comes as one record. */
async function* recordsOf(file: string): AsyncGenerator<TextRecord> {
  const whole = await wholeDocument(file);
  if (whole !== null) {
    yield { text: whole, line: 1 };
    return;
  }
  const bytes = createReadStream(file);
  const text = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  let line = 0;
  for await (const content of createInterface({
    input: text,
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    line += 1;
    if (content.trim() !== '') yield { text: content, line };
  }
}

const FIRST_BYTES = 64 * 1024;

/** The text of a file whose first line is not JSON by itself: one document over many lines. */
async function wholeDocument(file: string): Promise<string | null> {
  const first = await firstLine(file);
  if (first === null || isJson(first)) return null;
  const bytes = await readFile(file);
  const text = file.endsWith('.gz')
    ? gunzipSync(bytes, { maxOutputLength: LIMITS.bodyBytes })
    : bytes;
  if (text.length > LIMITS.bodyBytes) return null;
  const whole = text.toString('utf8');
  return isJson(whole) ? whole : null;
}

async function firstLine(file: string): Promise<string | null> {
  const bytes = createReadStream(file, {
    end: file.endsWith('.gz') ? Number.POSITIVE_INFINITY : FIRST_BYTES,
  });
  const text = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  try {
    for await (const line of createInterface({ input: text })) {
      if (line.trim() !== '') return line;
    }
    return null;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : String(error);
    throw new TripcoilError('not_found', `${file}: ${why}`, { cause: error });
  } finally {
    bytes.destroy();
  }
}

function readRecord({ text, line }: TextRecord, format: InputFormat): Read {
  const opening = text.trimStart()[0];
  if (format !== 'native' && isOtlp(text)) return readOtlp(text, line);
  if (opening === '[') return readArray(text, line);
  const result = parseNativeLine(text, line);
  return 'event' in result
    ? { events: [result.event], rejects: [] }
    : { events: [], rejects: [result.reject] };
}

function readArray(text: string, line: number): Read {
  const values: unknown = JSON.parse(text);
  const events: ReceivedEvent[] = [];
  const rejects: Reject[] = [];
  if (Array.isArray(values)) {
    values.forEach((value, index) => {
      const result = parseNativeValue(value, line + index);
      if ('event' in result) events.push(result.event);
      else rejects.push(result.reject);
    });
  }
  return { events, rejects };
}

function readOtlp(text: string, line: number): Read {
  const bytes = new TextEncoder().encode(text);
  try {
    const decode = text.includes('"resourceLogs"') ? decodeOtlpLogs : decodeOtlpTraces;
    const { events, rejects } = decode(bytes, 'json');
    return { events, rejects: rejects.map((reject) => ({ ...reject, position: line })) };
  } catch (error) {
    const message = error instanceof Error ? error.message : 'not OTLP';
    return { events: [], rejects: [{ position: line, code: 'malformed', path: '', message }] };
  }
}

/** OTLP JSON names its top-level list; native events have none of that name. */
function isOtlp(text: string): boolean {
  return /^\s*\{\s*"resource(Spans|Logs)"/.test(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
