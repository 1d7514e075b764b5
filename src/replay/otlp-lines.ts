import { TripcoilError } from '../core/errors.ts';
import type { FieldAliases } from '../core/event-field.ts';
import { parseJsonText } from '../receivers/json-body.ts';
import { compileTable } from '../receivers/otlp/attribute-table.ts';
import { decodeOtlpLogs, decodeOtlpMetrics, decodeOtlpTraces } from '../receivers/otlp/decode.ts';
import type { Normalised } from '../receivers/otlp/normalise.ts';
import { UsageMetrics } from '../receivers/otlp/usage-metrics.ts';
import { type Read, refused } from './read.ts';

/** OTLP/JSON requests line by line, as the receivers read them; metrics need what came before. */
export class OtlpLines {
  readonly #table: ReturnType<typeof compileTable>;
  readonly #usage: UsageMetrics;

  constructor(aliases: FieldAliases) {
    this.#table = compileTable(aliases);
    this.#usage = new UsageMetrics(this.#table);
  }

  /** `format` is what ignored records count as; that of the signal unless given. */
  read(text: string, line: number, signal: OtlpSignal, format: string = FORMATS[signal]): Read {
    try {
      const { events, rejects, ignored } = this.#decode(new TextEncoder().encode(text), signal);
      return {
        events,
        rejects: rejects.map((reject) => ({ ...reject, position: line })),
        ...(ignored > 0 ? { ignored: { format, count: ignored } } : {}),
      };
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

export type OtlpSignal = 'resourceSpans' | 'resourceLogs' | 'resourceMetrics';

const FORMATS: Readonly<Record<OtlpSignal, string>> = {
  resourceSpans: 'otlp.traces',
  resourceLogs: 'otlp.logs',
  resourceMetrics: 'otlp.metrics',
};
const SIGNALS: readonly OtlpSignal[] = ['resourceSpans', 'resourceLogs', 'resourceMetrics'];

/** Which OTLP request a text is, by its top-level list; null for anything else. */
export function otlpSignalOf(text: string): OtlpSignal | null {
  const [, first] = /^\s*\{\s*"(\w+)"/.exec(text) ?? [];
  const leading = SIGNALS.find((signal) => signal === first);
  if (leading) return leading;
  if (!SIGNALS.some((signal) => text.includes(`"${signal}"`))) return null;
  const value = parsedText(text);
  if (typeof value !== 'object' || value === null) return null;
  return SIGNALS.find((signal) => Object.hasOwn(value, signal)) ?? null;
}

/** The value of a JSON text; undefined when it is none. */
export function parsedText(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    return undefined;
  }
}
