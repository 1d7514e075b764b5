import { createRandom } from '../src/demo/random.ts';
import { TraceRequest } from './decode-oracle.ts';
import {
  BENCH_AGENTS,
  BENCH_TENANT,
  callId,
  createZipf,
  decisionId,
  ROUND_AT,
  SPANS_PER_BODY,
  spanAttributes,
} from './workload.ts';

/**
 * An OTLP request encoded once. `freshen` overwrites ids and times in place before each sending:
 * the engine does next to nothing for a span that it has seen, and takes two traces that share a
 * decision or a call for one request, of which no two rounds are.
 */
export interface SpanBody {
  readonly bytes: Buffer;
  freshen(round: number, nowMs: number): void;
}

const DURATION_NS = 84_500_000n;
const FIRST_START_NS = 1_795_251_600_000_000_000n;

export function spanBodies(
  bodies: number,
  encoding: 'protobuf' | 'json',
  { tenant = BENCH_TENANT, spansPerBody = SPANS_PER_BODY } = {},
): readonly SpanBody[] {
  const random = createRandom(11);
  const agentOf = createZipf(random, BENCH_AGENTS);
  return Array.from({ length: bodies }, (_, body) => {
    const serials = Array.from({ length: spansPerBody }, (__, n) => body * spansPerBody + n);
    const spans = serials.map((serial) => ({
      traceId: traceId(serial),
      spanId: traceId(serial).subarray(0, 8),
      name: 'execute_tool search_orders',
      kind: 1,
      startTimeUnixNano: String(startOf(serial)),
      endTimeUnixNano: String(startOf(serial) + DURATION_NS),
      status: { code: 1 },
      attributes: spanAttributes(serial, agentOf(), random, tenant),
    }));
    return encoding === 'protobuf' ? protobufBody(spans, serials) : jsonBody(spans, serials);
  });
}

type Span = { readonly traceId: Buffer; readonly spanId: Buffer } & Readonly<
  Record<string, unknown>
>;

/** The serial, four bytes for the round, then filler that no other field holds. */
function traceId(serial: number): Buffer {
  const id = Buffer.alloc(16, 0xa5);
  id.writeUInt32BE(serial + 1, 0);
  return id;
}

function startOf(serial: number): bigint {
  return FIRST_START_NS + BigInt(serial) * 200_000_000n;
}

function requestOf(spans: readonly object[]): object {
  const attributes = ['service.name', 'service.version', 'host.name', 'service.namespace'].map(
    (key) => ({ key, value: { stringValue: 'agents' } }),
  );
  const scope = { name: 'broker', version: '1.0.0' };
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope, spans }] }] };
}

function protobufBody(spans: readonly Span[], serials: readonly number[]): SpanBody {
  const encoded = TraceRequest.encode(TraceRequest.fromObject(requestOf(spans))).finish();
  const bytes = Buffer.from(encoded);
  const ids = placesOf(bytes, serials, traceId);
  const starts = placesOf(bytes, serials, (serial) => fixed64(startOf(serial)));
  const ends = placesOf(bytes, serials, (serial) => fixed64(startOf(serial) + DURATION_NS));
  const named = namesIn(bytes, serials);
  return {
    bytes,
    freshen(round, nowMs) {
      const now = BigInt(Math.floor(nowMs)) * 1_000_000n;
      for (const at of ids) bytes.writeUInt32BE(round, at + 4);
      for (const at of named) bytes.write(digitsOf(round), at, 'latin1');
      for (const at of starts) bytes.writeBigUInt64LE(now - DURATION_NS, at);
      for (const at of ends) bytes.writeBigUInt64LE(now, at);
    },
  };
}

function jsonBody(spans: readonly Span[], serials: readonly number[]): SpanBody {
  const spelled = spans.map((span) => ({
    ...span,
    traceId: span.traceId.toString('hex'),
    spanId: span.spanId.toString('hex'),
  }));
  const bytes = Buffer.from(JSON.stringify(requestOf(spelled)));
  const textsAt = (text: (serial: number) => string): readonly number[] =>
    placesOf(bytes, serials, (serial) => Buffer.from(text(serial)));
  const ids = textsAt((serial) => traceId(serial).toString('hex'));
  const starts = textsAt((serial) => `"${startOf(serial)}"`);
  const ends = textsAt((serial) => `"${startOf(serial) + DURATION_NS}"`);
  const named = namesIn(bytes, serials);
  return {
    bytes,
    freshen(round, nowMs) {
      const now = BigInt(Math.floor(nowMs)) * 1_000_000n;
      const start = String(now - DURATION_NS);
      const end = String(now);
      const digits = digitsOf(round);
      for (const at of ids) bytes.write(digits, at + 8, 'latin1');
      for (const at of named) bytes.write(digits, at, 'latin1');
      for (const at of starts) bytes.write(start, at + 1, 'latin1');
      for (const at of ends) bytes.write(end, at + 1, 'latin1');
    },
  };
}

function fixed64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** Where the digits of the round are in the ids of calls and decisions. */
function namesIn(bytes: Buffer, serials: readonly number[]): readonly number[] {
  return [callId, decisionId].flatMap((idOf) =>
    placesOf(bytes, serials, (serial) => Buffer.from(idOf(serial))).map((at) => at + ROUND_AT),
  );
}

function digitsOf(round: number): string {
  return round.toString(16).padStart(8, '0');
}

/** Where something of each span is; the spans follow one another. */
function placesOf(
  bytes: Buffer,
  serials: readonly number[],
  wantedOf: (serial: number) => Buffer,
): readonly number[] {
  let from = 0;
  return serials.map((serial) => {
    const at = bytes.indexOf(wantedOf(serial), from);
    if (at < 0) throw new Error('not in the body');
    from = at + 1;
    return at;
  });
}
