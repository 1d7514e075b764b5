import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gunzipSync, gzipSync } from 'node:zlib';
import { encode, LogsRequest, MetricsRequest, TraceRequest } from '../../bench/decode-oracle.ts';
import { TripcoilError } from '../../src/core/errors.ts';
import { REJECT_CODES } from '../../src/core/reject.ts';
import { createRandom } from '../../src/demo/random.ts';
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
import { besideGoodTargets } from './fuzz-beside-good.ts';
import { type Decoded, type FuzzTarget, RECEIVED_AT } from './fuzz-target.ts';
import { transportTargets } from './fuzz-transports.ts';
import { mutate } from './mutation.ts';

/** What a run came to; `slowestMs` is that of one input. */
export interface FuzzSummary {
  readonly inputs: number;
  readonly refused: number;
  readonly events: number;
  readonly rejects: number;
  readonly slowestMs: number;
  /** What the heap with its buffers holds more than after the first tenth, when all is warm. */
  readonly heldMb: number;
}

const SLOW_MS = 1_000;

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
  let warmMb = 0;
  const sums = { refused: 0, events: 0, rejects: 0, slowestMs: 0 };
  for (let input = 0; input < inputs; input++) {
    const target = targets[input % targets.length] as FuzzTarget;
    const bytes = mutate(target.seed, random);
    const startMs = performance.now();
    const startCpu = process.cpuUsage();
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
    const tookMs = Math.min(performance.now() - startMs, cpuMs(process.cpuUsage(startCpu)));
    sums.slowestMs = Math.max(sums.slowestMs, tookMs);
    if (tookMs > SLOW_MS) throw failed(target, seed, input, `took ${Math.round(tookMs)} ms`);
    if (input + 1 === Math.ceil(inputs / 10)) warmMb = heapMb();
    if ((input + 1) % 10_000 === 0) progress(input + 1);
  }
  return { inputs, ...sums, heldMb: heapMb() - warmMb };
}

/** On a machine that is busy otherwise an input takes long by the clock and little of its own. */
function cpuMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapMb(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

function failed(target: FuzzTarget, seed: number, input: number, cause: unknown): Error {
  return new Error(`${target.name}, --seed ${seed}, input ${input}: ${String(cause)}`, { cause });
}

function targetsOf(): readonly FuzzTarget[] {
  const table = compileTable();
  const json = JSON.stringify(REQUEST);
  const logs = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [LOG, LOG] }] }] });
  const metrics = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [METRIC] }] }] });
  const traces = encode(TraceRequest, binary(REQUEST));
  const usage = new UsageMetrics(table);
  const target = (
    name: string,
    seed: string | Uint8Array,
    decode: FuzzTarget['decode'],
  ): FuzzTarget => ({
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
    target('otlp.metrics protobuf', encode(MetricsRequest, JSON.parse(metrics)), (b) =>
      decodeOtlpMetrics(b, 'protobuf', usage, 'fuzz'),
    ),
    target('native json', `[${JSON.stringify(NATIVE)},${JSON.stringify(NATIVE)}]`, native),
    target('native lines', lines, native),
    target('native lines beside a good one', lines, besideGood),
    target('native gzip', gzipSync(lines), (b) => native(unpacked(b))),
    ...auditSeeds().flatMap(({ format, text }) => [
      target(`audit ${format}`, text, (b) => audit(b, format)),
      target(`audit auto ${format}`, text, (b) => audit(b, 'auto')),
    ]),
    ...besideGoodTargets(auditSeeds(), SPAN),
    ...transportTargets({ traces, logs, native: lines }),
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
