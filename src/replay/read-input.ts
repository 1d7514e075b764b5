import type { ReceivedEvent } from '../core/access-event.ts';
import type { FieldAliases } from '../core/event-field.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reject } from '../core/reject.ts';
import type { EpochMs } from '../core/time.ts';
import { type TenantOfAccount, withTenant } from '../receivers/audit/accounts.ts';
import { isObject } from '../receivers/audit/field-reader.ts';
import { type AuditFormat, isReject } from '../receivers/audit/format.ts';
import { AUDIT_FORMATS, detectAuditFormat, parseAuditValue } from '../receivers/audit/formats.ts';
import { parseNativeLine, parseNativeValue } from '../receivers/audit/native.ts';
import { langfuseRequest } from './langfuse-export.ts';
import { OtlpLines, otlpSignalOf, parsedText } from './otlp-lines.ts';
import { type Read, refused } from './read.ts';
import { linesOf, type TextLine } from './text-lines.ts';

/** `auto` finds all others by the shape of the records. */
export function inputFormats(formats: Formats = AUDIT_FORMATS): readonly string[] {
  return ['auto', 'otlp', 'langfuse', ...formats.keys()];
}

export type InputFormat = string;
type Formats = ReadonlyMap<string, AuditFormat>;

/** What a deployment says of its records. */
export interface InputReading {
  readonly aliases?: FieldAliases;
  /** Its audit formats; the built-in ones where absent. */
  readonly formats?: Formats;
  readonly tenantOfAccount?: TenantOfAccount;
}

/** An event and where it stood; `line` is the first line of a document that fills several. */
export interface InputEvent {
  readonly event: ReceivedEvent;
  readonly file: string;
  readonly line: number;
}

export interface Input {
  /** Merged by event time, then file, then line. */
  readonly events: readonly InputEvent[];
  /** By file, then line; `position` is the line. */
  readonly rejects: readonly { readonly reject: Reject; readonly file: string }[];
  /** How many records tell of no agent's action, by the format they were taken for. */
  readonly ignored: ReadonlyMap<string, number>;
}

/**
 * Reads files of native events or audit records (NDJSON, array or single object), OTLP/JSON (one
 * request a line, as the Collector's file exporter writes it) or exports of Langfuse, plain or
 * gzipped. What cannot be read as an event is a reject and costs no other line. Events that name
 * no tenant get `defaultTenant`.
 * @throws TripcoilError `not_found` or `bad_request` naming a file that cannot be read at all.
 */
export async function readInput(
  files: readonly string[],
  format: InputFormat,
  defaultTenant: string,
  { aliases = {}, formats = AUDIT_FORMATS, tenantOfAccount }: InputReading = {},
): Promise<Input> {
  const reading: Reading = { format, formats, otlp: new OtlpLines(aliases) };
  const events: InputEvent[] = [];
  const rejects: { reject: Reject; file: string }[] = [];
  const ignored = new Map<string, number>();
  for (const file of files) {
    // A record that states no time stands at the time of the one before it.
    let previousTime: EpochMs | undefined;
    for await (const record of recordsOf(file)) {
      const { line } = record;
      const read = readRecord(record, reading, previousTime);
      previousTime = read.events.at(-1)?.time ?? previousTime;
      for (const received of read.events) {
        const event = withTenant(received, READER, { formats, tenantOfAccount });
        const tenantClaimed = event.tenantClaimed ?? defaultTenant;
        events.push({ event: { ...event, tenantClaimed }, file, line });
      }
      for (const reject of read.rejects) rejects.push({ reject, file });
      const { format: name = '', count = 0 } = read.ignored ?? {};
      if (count > 0) ignored.set(name, (ignored.get(name) ?? 0) + count);
    }
  }
  // Array sort is stable, so equal times keep the order of file and line.
  events.sort((left, right) => left.event.time - right.event.time);
  return { events, rejects, ignored };
}

/** Files are read as by a sender that may name any tenant. */
const READER = { name: 'file', roles: [], tenants: '*', trust: 'broker' } as const;

interface Reading {
  readonly format: InputFormat;
  readonly formats: Formats;
  readonly otlp: OtlpLines;
}

/** Lines that are not blank; a file that is one document over many lines comes as one record. */
async function* recordsOf(file: string): AsyncGenerator<TextLine> {
  let isFirst = true;
  for await (const record of linesOf(file)) {
    const { text, line } = record;
    if (text !== null && text.trim() === '') continue;
    if (isFirst && text !== null && parsedText(text) === undefined) {
      const document = await wholeDocument(file);
      if (document !== null) {
        yield { text: document, line };
        return;
      }
    }
    isFirst = false;
    yield record;
  }
}

/** The text of the file when it is JSON as a whole; null when not, or beyond `LIMITS.bodyBytes`. */
async function wholeDocument(file: string): Promise<string | null> {
  const lines: string[] = [];
  let length = 0;
  for await (const { text } of linesOf(file)) {
    length += (text?.length ?? LIMITS.bodyBytes) + 1;
    if (text === null || length > LIMITS.bodyBytes) return null;
    lines.push(text);
  }
  const whole = lines.join('\n');
  return parsedText(whole) === undefined ? null : whole;
}

function readRecord(
  { text, line }: TextLine,
  reading: Reading,
  previousTime: EpochMs | undefined,
): Read {
  const { format, otlp } = reading;
  if (text === null) {
    const message = `a line is at most ${LIMITS.bodyBytes} characters`;
    return refused({ position: line, code: 'too_large', path: '', message });
  }
  const signal = format === 'auto' || format === 'otlp' ? otlpSignalOf(text) : null;
  if (signal) return otlp.read(text, line, signal);
  if (format === 'otlp') {
    const message = 'expected an OTLP/JSON request: an object with resourceSpans or resourceLogs';
    return refused({ position: line, code: 'unknown_format', path: '', message });
  }
  const isArray = text.trimStart().startsWith('[');
  if (format === 'native' && !isArray) return readNative(text, line);
  const value = parsedText(text);
  if (value === undefined) {
    return refused({ position: line, code: 'malformed', path: '', message: 'not valid JSON' });
  }
  if (format === 'auto' || format === 'langfuse') {
    const request = langfuseRequest(value);
    if (request !== null) {
      return otlp.read(JSON.stringify(request), line, 'resourceSpans', 'langfuse');
    }
  }
  if (format === 'langfuse') {
    const message = 'expected an export of Langfuse: an object with observations, or their list';
    return refused({ position: line, code: 'unknown_format', path: '', message });
  }
  if (isArray) return readArray(value, line, reading, previousTime);
  return isNative(value, reading)
    ? readNative(text, line)
    : readAudit(value, line, reading, previousTime);
}

/** What nothing recognises is read as a native event that lacks something, if it looks like one. */
function isNative(value: unknown, { format, formats }: Reading): boolean {
  if (format !== 'auto') return format === 'native';
  const detected = detectAuditFormat(value, formats);
  if (detected !== null) return detected.name === 'native';
  if (typeof value !== 'object' || value === null) return true;
  const { v, id, time, agent, action } = value as Readonly<Record<string, unknown>>;
  if (isObject(agent) || isObject(action)) return true;
  // Other products have an action, an agent or an id of their own, as a text beside much else.
  return id !== undefined && (v === 1 || time !== undefined) && agent === undefined;
}

function readNative(text: string, line: number): Read {
  const result = parseNativeLine(text, line);
  return 'event' in result ? { events: [result.event], rejects: [] } : refused(result.reject);
}

function readAudit(
  value: unknown,
  line: number,
  reading: Reading,
  previousTime: EpochMs | undefined,
): Read {
  const mapped = parseAuditValue(value, reading.format, line, previousTime, reading.formats);
  return {
    events: mapped.flatMap((each) => (isReject(each) ? [] : [each])),
    rejects: mapped.filter(isReject),
  };
}

/** Items of one array share a line, so their rejects say which item it was. */
function readArray(
  items: unknown,
  line: number,
  reading: Reading,
  previousTime: EpochMs | undefined,
): Read {
  if (!Array.isArray(items)) {
    return refused({ position: line, code: 'malformed', path: '', message: 'not valid JSON' });
  }
  const events: ReceivedEvent[] = [];
  const rejects: Reject[] = [];
  for (const [index, item] of items.entries()) {
    const read = isNative(item, reading)
      ? nativeItem(item, line)
      : readAudit(item, line, reading, events.at(-1)?.time ?? previousTime);
    for (const event of read.events) events.push(event);
    for (const reject of read.rejects) {
      const { path } = reject;
      const separator = path === '' || path.startsWith('/') ? '' : '.';
      rejects.push({ ...reject, path: `[${index}]${separator}${path}` });
    }
  }
  return { events, rejects };
}

function nativeItem(item: unknown, line: number): Read {
  const result = parseNativeValue(item, line);
  return 'event' in result ? { events: [result.event], rejects: [] } : refused(result.reject);
}
