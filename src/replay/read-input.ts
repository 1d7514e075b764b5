import type { ReceivedEvent } from '../core/access-event.ts';
import { TripcoilError } from '../core/errors.ts';
import type { FieldAliases } from '../core/event-field.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reject } from '../core/reject.ts';
import type { EpochMs } from '../core/time.ts';
import { type TenantOfAccount, withTenant } from '../receivers/audit/accounts.ts';
import { type AuditFormat, isReject } from '../receivers/audit/format.ts';
import { AUDIT_FORMATS, detectAuditFormat, parseAuditValue } from '../receivers/audit/formats.ts';
import { parseNativeLine, parseNativeValue } from '../receivers/audit/native.ts';
import { parseJsonText } from '../receivers/json-body.ts';
import { compileTable } from '../receivers/otlp/attribute-table.ts';
import { decodeOtlpLogs, decodeOtlpMetrics, decodeOtlpTraces } from '../receivers/otlp/decode.ts';
import type { Normalised } from '../receivers/otlp/normalise.ts';
import { UsageMetrics } from '../receivers/otlp/usage-metrics.ts';
import { linesOf, type TextLine } from './text-lines.ts';

/** `auto` finds OTLP and every audit format by the shape of the records. */
export function inputFormats(formats: Formats = AUDIT_FORMATS): readonly string[] {
  return ['auto', 'otlp', ...formats.keys()];
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
}

/**
 * Reads files of native events or audit records (NDJSON, array or single object) or OTLP/JSON (one
 * request a line, as the Collector's file exporter writes it), plain or gzipped. What cannot be
 * read as an event is a reject and costs no other line. Events that name no tenant get
 * `defaultTenant`.
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
    }
  }
  // Array sort is stable, so equal times keep the order of file and line.
  events.sort((left, right) => left.event.time - right.event.time);
  return { events, rejects };
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
    if (isFirst && text !== null && parsed(text) === undefined) {
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
  return parsed(whole) === undefined ? null : whole;
}

interface Read {
  readonly events: readonly ReceivedEvent[];
  readonly rejects: readonly Reject[];
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
  const signal = format === 'auto' || format === 'otlp' ? signalOf(text) : null;
  if (signal) return otlp.read(text, line, signal);
  if (format === 'otlp') {
    const message = 'expected an OTLP/JSON request: an object with resourceSpans or resourceLogs';
    return refused({ position: line, code: 'unknown_format', path: '', message });
  }
  const isArray = text.trimStart().startsWith('[');
  if (format === 'native' && !isArray) return readNative(text, line);
  const value = parsed(text);
  if (value === undefined) {
    return refused({ position: line, code: 'malformed', path: '', message: 'not valid JSON' });
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
  return ['v', 'id', 'agent', 'action'].some((name) => Object.hasOwn(value, name));
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

type OtlpSignal = 'resourceSpans' | 'resourceLogs' | 'resourceMetrics';
const OTLP_SIGNALS: readonly OtlpSignal[] = ['resourceSpans', 'resourceLogs', 'resourceMetrics'];

/** Which OTLP request a text is, by its top-level list; null for anything else. */
function signalOf(text: string): OtlpSignal | null {
  const [, first] = /^\s*\{\s*"(\w+)"/.exec(text) ?? [];
  const leading = OTLP_SIGNALS.find((signal) => signal === first);
  if (leading) return leading;
  if (!OTLP_SIGNALS.some((signal) => text.includes(`"${signal}"`))) return null;
  const value = parsed(text);
  if (typeof value !== 'object' || value === null) return null;
  return OTLP_SIGNALS.find((signal) => Object.hasOwn(value, signal)) ?? null;
}

/** OTLP/JSON requests line by line, as the receivers read them; metrics need what came before. */
class OtlpLines {
  readonly #table: ReturnType<typeof compileTable>;
  readonly #usage: UsageMetrics;

  constructor(aliases: FieldAliases) {
    this.#table = compileTable(aliases);
    this.#usage = new UsageMetrics(this.#table);
  }

  read(text: string, line: number, signal: OtlpSignal): Read {
    try {
      const { events, rejects } = this.#decode(new TextEncoder().encode(text), signal);
      return { events, rejects: rejects.map((reject) => ({ ...reject, position: line })) };
    } catch (error) {
      if (!(error instanceof TripcoilError)) throw error;
      const code = error.code === 'payload_too_large' ? 'too_large' : 'malformed';
      return refused({ position: line, code, path: '', message: error.message });
    }
  }

  #decode(bytes: Uint8Array, signal: OtlpSignal): Normalised {
    if (signal === 'resourceMetrics') {
      const read = decodeOtlpMetrics(bytes, 'json', this.#usage, '');
      read.commit();
      return read;
    }
    const decode = signal === 'resourceLogs' ? decodeOtlpLogs : decodeOtlpTraces;
    const read = decode(bytes, 'json', this.#table);
    this.#usage.observe('', read.events);
    return read;
  }
}

function refused(reject: Reject): Read {
  return { events: [], rejects: [reject] };
}

/** The value of a JSON text; undefined when it is none. */
function parsed(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    return undefined;
  }
}
