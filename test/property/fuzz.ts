import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { encode, LogsRequest, TraceRequest } from '../../bench/decode-oracle.ts';
import { TripcoilError } from '../../src/core/errors.ts';
import { REJECT_CODES, type Reject } from '../../src/core/reject.ts';
import { createRandom, type Random } from '../../src/demo/random.ts';
import { type AuditReading, auditBodySteps } from '../../src/receivers/audit/audit-body.ts';
import { AUDIT_FORMATS } from '../../src/receivers/audit/formats.ts';
import { parseNativeBody } from '../../src/receivers/audit/records.ts';
import { compileTable } from '../../src/receivers/otlp/attribute-table.ts';
import {
  decodeOtlpLogs,
  decodeOtlpMetrics,
  decodeOtlpTraces,
} from '../../src/receivers/otlp/decode.ts';
import { UsageMetrics } from '../../src/receivers/otlp/usage-metrics.ts';
import { runAtOnce } from '../../src/receivers/steps.ts';

/** What a run came to; `slowestMs` is that of one input. */
export interface FuzzSummary {
  readonly inputs: number;
  readonly refused: number;
  readonly events: number;
  readonly rejects: number;
  readonly slowestMs: number;
}

interface Decoded {
  readonly events: readonly unknown[];
  readonly rejects: readonly Reject[];
}

interface Target {
  readonly name: string;
  readonly seed: Buffer;
  readonly decode: (bytes: Buffer) => Decoded | Promise<Decoded>;
}

const SLOW_MS = 1_000;
const RECEIVED_AT = 1_795_251_600_000;

/**
 * Feeds every decoder mutated bodies: flipped, cut, doubled and spliced bytes, and members of JSON
 * removed, repeated, nested or given another type. Only a TripcoilError may come out, no input may
 * take a second, and every reject has a code and a message.
 * @throws Error naming the target, the seed and the number of the input.
 */
export async function fuzz(
  inputs: number,
  seed: number,
  progress: (done: number) => void = () => {},
): Promise<FuzzSummary> {
  const random = createRandom(seed);
  const targets = targetsOf();
  const sums = { refused: 0, events: 0, rejects: 0, slowestMs: 0 };
  for (let input = 0; input < inputs; input++) {
    const target = targets[input % targets.length] as Target;
    const bytes = mutate(target.seed, random);
    const startMs = performance.now();
    try {
      const { events, rejects } = await target.decode(bytes);
      for (const { code, path, message } of rejects) {
        const known = REJECT_CODES.includes(code) && typeof path === 'string' && message !== '';
        if (!known) throw new Error(`a reject without its code, path or message: ${code}`);
      }
      sums.events += events.length;
      sums.rejects += rejects.length;
    } catch (error) {
      if (!(error instanceof TripcoilError)) throw failed(target, seed, input, error);
      sums.refused++;
    }
    const tookMs = performance.now() - startMs;
    sums.slowestMs = Math.max(sums.slowestMs, tookMs);
    if (tookMs > SLOW_MS) throw failed(target, seed, input, `took ${Math.round(tookMs)} ms`);
    if ((input + 1) % 10_000 === 0) progress(input + 1);
  }
  return { inputs, ...sums };
}

function failed(target: Target, seed: number, input: number, cause: unknown): Error {
  return new Error(`${target.name}, --seed ${seed}, input ${input}: ${String(cause)}`, { cause });
}

function targetsOf(): readonly Target[] {
  const table = compileTable();
  const json = JSON.stringify(REQUEST);
  const logs = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [LOG, LOG] }] }] });
  const metrics = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [METRIC] }] }] });
  const traces = encode(TraceRequest, binary(REQUEST));
  const usage = new UsageMetrics(table);
  const target = (name: string, seed: string | Uint8Array, decode: Target['decode']): Target => ({
    ...{ name, seed: Buffer.from(seed as string), decode },
  });
  const audit = (bytes: Buffer, format: string): Decoded => {
    const reading: AuditReading = { format, formats: AUDIT_FORMATS, receivedAt: RECEIVED_AT };
    return runAtOnce(auditBodySteps(bytes, null, reading));
  };
  const native = (bytes: Buffer): Promise<Decoded> => parseNativeBody(bytes, null, async () => {});
  const lines = `${JSON.stringify(NATIVE)}\n${JSON.stringify(NATIVE)}\n`;
  return [
    target('otlp.traces json', json, (b) => decodeOtlpTraces(b, 'json', table)),
    target('otlp.traces protobuf', traces, (b) => decodeOtlpTraces(b, 'protobuf', table)),
    target('otlp.logs json', logs, (b) => decodeOtlpLogs(b, 'json', table)),
    target('otlp.logs protobuf', encode(LogsRequest, JSON.parse(logs)), (b) =>
      decodeOtlpLogs(b, 'protobuf', table),
    ),
    target('otlp.metrics json', metrics, (b) => decodeOtlpMetrics(b, 'json', usage, 'fuzz')),
    target('otlp.metrics protobuf', traces, (b) => decodeOtlpMetrics(b, 'protobuf', usage, 'f')),
    target('native json', `[${JSON.stringify(NATIVE)},${JSON.stringify(NATIVE)}]`, native),
    target('native lines', lines, native),
    target('native lines beside a good one', lines, besideGood),
    target('native gzip', gzipSync(lines), (b) => native(unpacked(b))),
    ...auditSeeds().flatMap(({ format, text }) => [
      target(`audit ${format}`, text, (b) => audit(b, format)),
      target(`audit auto ${format}`, text, (b) => audit(b, 'auto')),
    ]),
  ];
}

/** What stands beside a bad record lands. */
async function besideGood(bytes: Buffer): Promise<Decoded> {
  const good = Buffer.from(`\n${JSON.stringify({ ...NATIVE, id: 'good' })}\n`);
  const batch = await parseNativeBody(Buffer.concat([bytes, good]), 'ndjson', async () => {});
  if (batch.events.at(-1)?.id !== 'good') throw new Error('the good record did not land');
  return batch;
}

function unpacked(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: 1_000_000 });
  } catch {
    return Buffer.alloc(0);
  }
}

/** The fixtures of the formats; a format without one gets a native event. */
function auditSeeds(): readonly { readonly format: string; readonly text: string }[] {
  const root = new URL('../../src/receivers/audit/', import.meta.url).pathname;
  return [...AUDIT_FORMATS.keys()].map((format) => {
    const file = filesBelow(join(root, format, 'testing')).find((name) => RECORDS.test(name));
    if (file === undefined) return { format, text: NATIVE_TEXT };
    const records: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return { format, text: JSON.stringify(Array.isArray(records) ? records.slice(0, 3) : records) };
  });
}

const RECORDS = /records\.json$/;

function filesBelow(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

function mutate(seed: Buffer, random: Random): Buffer {
  const text = seed.toString('utf8');
  if (random.next() < 0.5 && /^\s*[[{]/.test(text)) {
    const changed = structured(text, random);
    if (changed !== null) return changed;
  }
  let bytes = Buffer.from(seed);
  for (let round = random.integer(1, 6); round > 0 && bytes.length > 0; round--) {
    const at = random.integer(0, bytes.length - 1);
    const end = Math.min(bytes.length, at + random.integer(1, 40));
    const kind = random.integer(0, 5);
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7));
    else if (kind === 1) bytes[at] = random.pick(ODD_BYTES);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    else if (kind === 3) bytes = bytes.subarray(0, at);
    else {
      const other = random.integer(0, bytes.length - 1);
      const piece = bytes.subarray(at, end);
      bytes = Buffer.concat([bytes.subarray(0, other), piece, bytes.subarray(other)]);
    }
  }
  return bytes;
}

const ODD_BYTES = [0, 0x7f, 0x80, 0xff, 0x22, 0x5c, 0x7b, 0x5b, 0x2c, 0x0a, 0xed] as const;

/** One to three values of a JSON text replaced by odd ones; null when it is not one JSON value. */
function structured(text: string, random: Random): Buffer | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  for (let round = random.integer(1, 3); round > 0; round--) change(value, random);
  return Buffer.from(JSON.stringify(value));
}

function change(root: unknown, random: Random): void {
  let at = root;
  for (let depth = 0; depth < 12 && typeof at === 'object' && at !== null; depth++) {
    const keys = Object.keys(at);
    if (keys.length === 0) return;
    const key = random.pick(keys);
    const inner: unknown = Reflect.get(at, key);
    const leaf = typeof inner !== 'object' || inner === null;
    if (leaf || random.next() < 0.2) {
      const roll = random.next();
      if (roll < 0.2) Reflect.deleteProperty(at, key);
      else if (roll < 0.3) Reflect.set(at, random.pick(ODD_NAMES), inner);
      else Reflect.set(at, key, structuredClone(random.pick(ODD_VALUES)));
      return;
    }
    at = inner;
  }
}

const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
};
const ODD_NAMES = ['', '__proto__', 'constructor', 'toString', 'é', 'x'.repeat(300)] as const;
const ODD_VALUES: readonly unknown[] = [
  ...[null, true, '', 0, -1, 1e308, 2 ** 53, -0.5, '\ud800', '\u0000', 'NaN', '9'.repeat(30)],
  ...[[], {}, [[]], [null], { a: { b: { c: 1 } } }, deep(40), 'x'.repeat(5_000), '0000', '-1'],
  ...['1970-01-01T00:00:00Z', '9999-12-31T23:59:60Z', '2026-13-45', { length: -1 }],
];

const NATIVE = {
  ...{ v: 1, id: 'evt-1', time: '2026-11-21T09:00:00.000Z', kind: 'tool_call' },
  ...{ tenant: 'acme', agent: { id: 'invoice-bot' }, session: { id: 's-91' } },
  action: { name: 'send_email', op: 'write', arguments: { recipients: ['bob@example.com'] } },
  ...{ volume: { records: 1 }, delegation: [{ sub: 'a', type: 'agent' }], outcome: {} },
  ...{ token: { jti: 't', aud: ['x'], exp: 1 }, decision: { verdict: 'allow', policy: {} } },
};
const NATIVE_TEXT = JSON.stringify([NATIVE, NATIVE]);
const attributes = [
  { key: 'gen_ai.operation.name', value: { stringValue: 'execute_tool' } },
  { key: 'gen_ai.agent.id', value: { stringValue: 'bot' } },
  { key: 'gen_ai.tool.name', value: { stringValue: 'search' } },
  { key: 'tripcoil.volume.records', value: { intValue: '3' } },
  { key: 'x', value: { kvlistValue: { values: [{ key: 'y', value: { doubleValue: 1.5 } }] } } },
  { key: 'z', value: { arrayValue: { values: [{ boolValue: true }, { bytesValue: 'AAE=' }] } } },
];
const SPAN = {
  ...{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', name: 'x' },
  ...{ startTimeUnixNano: '1795251600000000000', endTimeUnixNano: '1795251600100000000' },
  ...{ kind: 1, status: { code: 1 }, attributes, events: [{ name: 'exception', attributes }] },
};
const REQUEST = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] },
      scopeSpans: [{ scope: { name: 'a' }, spans: [SPAN, SPAN] }],
    },
  ],
};
const LOG = {
  ...{ timeUnixNano: '1795251600000000000', severityNumber: 9, eventName: 'gen_ai.tool' },
  ...{ body: { kvlistValue: { values: attributes } }, attributes },
};
const METRIC = {
  name: 'gen_ai.client.token.usage',
  sum: {
    aggregationTemporality: 1,
    dataPoints: [{ asInt: '5', timeUnixNano: '1795251600000000000', attributes }],
  },
};

function binary(request: typeof REQUEST): object {
  const bytes = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
  const text = JSON.stringify(request, (key, value) =>
    key === 'traceId' || key === 'spanId' ? bytes(value as string) : (value as unknown),
  );
  return JSON.parse(text) as object;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const summary = await fuzz(Number(values.inputs), Number(values.seed), (done) => {
    if (done % 100_000 === 0) process.stderr.write(`${done} inputs\n`);
  });
  process.stdout.write(`${JSON.stringify({ seed: Number(values.seed), ...summary })}\n`);
}
