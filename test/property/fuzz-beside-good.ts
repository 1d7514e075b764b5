import {
  type AuditBatch,
  type AuditReading,
  parseAuditBody,
} from '../../src/receivers/audit/audit-body.ts';
import { AUDIT_FORMATS } from '../../src/receivers/audit/formats.ts';
import { decodeOtlpTraces } from '../../src/receivers/otlp/decode.ts';
import { type Decoded, type FuzzTarget, RECEIVED_AT } from './fuzz-target.ts';

/** Records of one format, as JSON text: one or an array of them. */
export interface AuditSeed {
  readonly format: string;
  readonly text: string;
}

/**
 * One record of a batch is mutated, and what stands beside it must land: in every audit format as
 * lines and as an array, and among the spans of an OTLP/JSON request.
 */
export function besideGoodTargets(
  seeds: readonly AuditSeed[],
  span: object,
): readonly FuzzTarget[] {
  return [
    ...seeds.flatMap(({ format, text }) => ofFormat(format, text)),
    { name: 'otlp.traces beside a good span', seed: bytesOf(span), decode: (b) => spans(b, span) },
  ];
}

function ofFormat(format: string, text: string): readonly FuzzTarget[] {
  const value: unknown = JSON.parse(text);
  const records: readonly unknown[] = Array.isArray(value) ? value : [value];
  const reading = { format, formats: AUDIT_FORMATS, receivedAt: RECEIVED_AT };
  const good = records.find((record) => countIn(JSON.stringify(record), reading) > 0);
  if (good === undefined) return [];
  const goodText = JSON.stringify(good);
  const events = countIn(goodText, reading);
  const seed = bytesOf(records[0]);
  return [
    {
      name: `audit ${format} beside a good line`,
      seed,
      decode: (b) => {
        const body = Buffer.concat([b, Buffer.from(`\n${goodText}\n`)]);
        const line = b.toString('utf8').split('\n').length + 1;
        return landed(parseAuditBody(body, 'ndjson', reading), line, events);
      },
    },
    {
      name: `audit ${format} beside a good item`,
      seed,
      decode: (b) => {
        if (!isJson(b)) return { events: [], rejects: [] };
        const body = Buffer.concat([Buffer.from('['), b, Buffer.from(`,${goodText}]`)]);
        return landed(parseAuditBody(body, 'array', reading), 1, events);
      },
    },
  ];
}

function countIn(text: string, reading: AuditReading): number {
  return parseAuditBody(Buffer.from(text), 'ndjson', reading).events.length;
}

function landed(batch: AuditBatch, position: number, events: number): Decoded {
  const own = batch.positions.filter((each) => each === position).length;
  if (own !== events) throw new Error(`the good record came to ${own} events, not ${events}`);
  return batch;
}

function spans(mutated: Buffer, span: object): Decoded {
  if (!isJson(mutated)) return { events: [], rejects: [] };
  const good = { ...span, traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
  const both = `[${mutated},${JSON.stringify(good)}]`;
  const body = `{"resourceSpans":[{"scopeSpans":[{"spans":${both}}]}]}`;
  const batch = decodeOtlpTraces(Buffer.from(body), 'json');
  if (!batch.events.some(({ trace }) => trace?.spanId === good.spanId)) {
    throw new Error('the good span did not land');
  }
  return batch;
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return bytes.equals(Buffer.from(bytes.toString('utf8')));
  } catch {
    return false;
  }
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
