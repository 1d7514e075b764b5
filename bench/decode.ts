import { decodeTracesJson } from '../src/receivers/otlp/json.ts';
import { normaliseSpans } from '../src/receivers/otlp/normalise.ts';
import { decodeTracesProtobuf } from '../src/receivers/otlp/protobuf.ts';
import { oracleTraces, TraceRequest } from './decode-oracle.ts';

/** What one benchmark hands to its reporter. */
export interface DecodeFigures {
  readonly figures: Record<string, number>;
  readonly notes: string[];
}

/**
 * Spans a CPU-second through decoding and normalising: the hand-written decoder against protobufjs
 * in one run, in alternating rounds, and JSON. Batches of 100 spans with 20 attributes.
 */
export async function decodeBench(options: { readonly quick: boolean }): Promise<DecodeFigures> {
  const requests = Array.from({ length: BATCHES }, (_, batch) => requestOf(batch));
  const binary = requests.map((request) =>
    TraceRequest.encode(TraceRequest.fromObject(request)).finish(),
  );
  const json = requests.map((request) => Buffer.from(JSON.stringify(jsonOf(request))));
  const cases: readonly Case[] = [
    { name: 'hand', inputs: binary, run: (input) => normaliseSpans(decodeTracesProtobuf(input)) },
    { name: 'hand_decode', inputs: binary, run: decodeTracesProtobuf },
    { name: 'protobufjs', inputs: binary, run: (input) => normaliseSpans(oracleTraces(input)) },
    { name: 'protobufjs_decode', inputs: binary, run: (input) => TraceRequest.decode(input) },
    { name: 'json', inputs: json, run: (input) => normaliseSpans(decodeTracesJson(input)) },
  ];
  const totals = new Map(cases.map(({ name }) => [name, { spans: 0, cpuMicros: 0 }]));
  const rounds = options.quick ? 10 : 20;
  for (let round = -1; round < rounds; round++) {
    for (const each of cases) {
      const { spans, cpuMicros } = measure(each, round < 0 ? WARM_UP_MS : ROUND_MS);
      const total = totals.get(each.name);
      if (round < 0 || total === undefined) continue;
      total.spans += spans;
      total.cpuMicros += cpuMicros;
    }
    await new Promise(setImmediate);
  }
  const rate = (name: string): number => {
    const total = totals.get(name) ?? { spans: 0, cpuMicros: 1 };
    return Math.round((total.spans / total.cpuMicros) * 1e6);
  };
  const bytes = binary.reduce((sum, each) => sum + each.length, 0) / (BATCHES * SPANS);
  return {
    figures: {
      decode_protobuf_spans_per_s_core: rate('hand'),
      decode_protobuf_only_spans_per_s_core: rate('hand_decode'),
      decode_protobufjs_spans_per_s_core: rate('protobufjs'),
      decode_protobufjs_only_spans_per_s_core: rate('protobufjs_decode'),
      decode_json_spans_per_s_core: rate('json'),
      decoder_ratio_to_protobufjs: round2(rate('hand') / rate('protobufjs')),
      decoder_ratio_decode_only: round2(rate('hand_decode') / rate('protobufjs_decode')),
    },
    notes: [
      `${SPANS} spans a batch, 20 attributes a span, ${Math.round(bytes)} bytes a span`,
      'per CPU-second of the whole process, decoding and normalising, no network and no ledger',
      'decoder_ratio_to_protobufjs: decoding and normalising, each with the same normaliser, to ' +
        'which the messages of protobufjs come as the same records; decode_only is without both',
      'protobufjs static: the code that its own generator makes of the schema when a type first ' +
        'decodes (protobuf.decoder), which is what pbjs -t static prints; made before measuring',
    ],
  };
}

interface Case {
  readonly name: string;
  readonly inputs: readonly Uint8Array[];
  readonly run: (input: Uint8Array) => unknown;
}

const BATCHES = 40;
const SPANS = 100;
const WARM_UP_MS = 1_500;
const ROUND_MS = 100;

let sink: unknown;

function measure(
  { inputs, run }: Case,
  wantedMs: number,
): { readonly spans: number; readonly cpuMicros: number } {
  const before = process.cpuUsage();
  const until = performance.now() + wantedMs;
  let batches = 0;
  while (performance.now() < until) sink = run(inputs[batches++ % inputs.length] as Uint8Array);
  const { user, system } = process.cpuUsage(before);
  return sink === undefined
    ? { spans: 0, cpuMicros: 0 }
    : { spans: batches * SPANS, cpuMicros: user + system };
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

interface Request {
  readonly [key: string]: unknown;
  readonly resourceSpans: readonly {
    readonly resource: object;
    readonly scopeSpans: readonly { readonly scope: object; readonly spans: readonly Span[] }[];
  }[];
}

interface Span {
  readonly traceId: Buffer;
  readonly spanId: Buffer;
  readonly parentSpanId: Buffer;
  readonly startTimeUnixNano: string;
  readonly [key: string]: unknown;
}

function requestOf(batch: number): Request {
  return {
    resourceSpans: [
      {
        resource: {
          attributes: [
            text('service.name', 'agents'),
            text('service.version', '1.4.2'),
            text('deployment.environment.name', 'production'),
            text('host.name', 'node-7'),
          ],
        },
        scopeSpans: [
          {
            scope: { name: 'broker', version: '1.0.0' },
            spans: Array.from({ length: SPANS }, (_, index) => spanOf(batch * SPANS + index)),
          },
        ],
      },
    ],
  };
}

/** Twenty attributes as a broker that follows the conventions sends them. */
function spanOf(number: number): Span {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(number + 1, 0);
  const start = 1_795_251_600_000_000_000n + BigInt(number) * 1_000_000n;
  return {
    traceId: id,
    spanId: Buffer.concat([id.subarray(0, 4), id.subarray(0, 4)]),
    parentSpanId: Buffer.alloc(8, 7),
    name: `execute_tool search_orders`,
    kind: 1,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 84_500_000n),
    status: { code: 1 },
    attributes: [
      text('gen_ai.operation.name', 'execute_tool'),
      text('gen_ai.provider.name', 'openai'),
      text('gen_ai.agent.id', `agent-${number % 500}`),
      text('gen_ai.agent.name', 'Order assistant'),
      text('gen_ai.conversation.id', `conversation-${number}`),
      text('gen_ai.tool.name', 'search_orders'),
      text('gen_ai.tool.type', 'function'),
      text('gen_ai.tool.call.id', `call_${number}`),
      text('gen_ai.tool.call.arguments', `{"customer":"c-${number}","limit":50}`),
      text('tripcoil.tenant.id', 'acme'),
      text('tripcoil.principal.sub', `user-${number % 97}`),
      text('tripcoil.resource.type', 'crm'),
      text('tripcoil.resource.id', `account/${number % 1_000}`),
      integer('tripcoil.volume.records', number % 50),
      integer('tripcoil.volume.bytes_out', 2_048 + (number % 4_096)),
      text('tripcoil.decision.verdict', 'allow'),
      text('tripcoil.decision.id', `decision-${number}`),
      text('tripcoil.decision.policy.version', '12'),
      text('server.address', 'crm.internal'),
      {
        key: 'tripcoil.scopes.granted',
        value: {
          arrayValue: {
            values: ['crm.read', 'mail.send', 'orders.read'].map((stringValue) => ({
              stringValue,
            })),
          },
        },
      },
    ],
  };
}

function text(key: string, stringValue: string): object {
  return { key, value: { stringValue } };
}

function integer(key: string, intValue: number): object {
  return { key, value: { intValue } };
}

/** The same request as OTLP/JSON spells it. */
function jsonOf(request: Request): object {
  return {
    resourceSpans: request.resourceSpans.map(({ resource, scopeSpans }) => ({
      resource,
      scopeSpans: scopeSpans.map(({ scope, spans }) => ({
        scope,
        spans: spans.map((span) => ({
          ...span,
          traceId: span.traceId.toString('hex'),
          spanId: span.spanId.toString('hex'),
          parentSpanId: span.parentSpanId.toString('hex'),
        })),
      })),
    })),
  };
}
