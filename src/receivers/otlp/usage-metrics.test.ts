import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { runAtOnce } from '../steps.ts';
import type { Plain } from '../testing/otlp-json.ts';
import { pairs, traces } from '../testing/otlp-json.ts';
import { decodeOtlpMetrics } from './decode.ts';
import { metricsJsonSteps } from './json-metrics.ts';
import { metricsProtobufSteps } from './protobuf-metrics.ts';
import { UsageMetrics } from './usage-metrics.ts';

/** Fields of opentelemetry-proto 1.11 that are read here, and some that must be skipped. */
const { root } = protobuf.parse(`
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3;
  double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Scope { string name = 1; string version = 2; }
message Resource { repeated KeyValue attributes = 1; }
message MetricsRequest { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2;
  string schema_url = 3; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
message Metric { string name = 1; string description = 2; string unit = 3; oneof data {
  Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9;
  ExponentialHistogram exponential_histogram = 10; Summary summary = 11; } }
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2;
  bool is_monotonic = 3; }
message Histogram { repeated HistogramDataPoint data_points = 1;
  int32 aggregation_temporality = 2; }
message ExponentialHistogram { repeated ExponentialPoint data_points = 1;
  int32 aggregation_temporality = 2; }
message Summary { repeated SummaryPoint data_points = 1; }
message NumberDataPoint { fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; } repeated KeyValue attributes = 7;
  uint32 flags = 8; }
message HistogramDataPoint { fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  fixed64 count = 4; optional double sum = 5; repeated fixed64 bucket_counts = 6;
  repeated double explicit_bounds = 7; repeated KeyValue attributes = 9; uint32 flags = 10;
  optional double min = 11; optional double max = 12; }
message ExponentialPoint { repeated KeyValue attributes = 1; fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3; fixed64 count = 4; optional double sum = 5; sint32 scale = 6;
  fixed64 zero_count = 7; }
message SummaryPoint { fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  fixed64 count = 4; double sum = 5; repeated KeyValue attributes = 7; }
`);
const Request = root.lookupType('MetricsRequest');

const START = 1_795_251_600_000;
const nano = (ms: number) => `${ms}000000`;
const SERVICE = { 'service.name': 'orders' };

interface PointInput {
  readonly value: number;
  readonly at?: number;
  readonly start?: number;
  readonly attributes?: Readonly<Record<string, Plain>>;
}

const point = ({ value, at = START + 60_000, start = START, attributes = {} }: PointInput) => ({
  startTimeUnixNano: nano(start),
  timeUnixNano: nano(at),
  attributes: pairs(attributes),
  asDouble: value,
});
const counter = (name: string, temporality: number, ...points: readonly PointInput[]) => ({
  name,
  sum: { aggregationTemporality: temporality, isMonotonic: true, dataPoints: points.map(point) },
});
const histogram = (name: string, temporality: number, ...points: readonly PointInput[]) => ({
  name,
  histogram: {
    aggregationTemporality: temporality,
    dataPoints: points.map((input) => {
      const { asDouble, ...rest } = point(input);
      return { ...rest, sum: asDouble, count: '3', bucketCounts: ['1', '2'], explicitBounds: [5] };
    }),
  },
});
const requestOf = (
  metrics: readonly object[],
  resource: Readonly<Record<string, Plain>> = SERVICE,
) => ({
  resourceMetrics: [
    {
      resource: { attributes: pairs(resource) },
      scopeMetrics: [{ scope: { name: 's' }, metrics }],
    },
  ],
});
const DELTA = 1;
const CUMULATIVE = 2;
const input = { 'gen_ai.token.type': 'input', 'gen_ai.request.model': 'm' };
const output = { 'gen_ai.token.type': 'output', 'gen_ai.request.model': 'm' };

const read = (usage: UsageMetrics, request: object, sender = 'collector') =>
  decodeOtlpMetrics(Buffer.from(JSON.stringify(request)), 'json', usage, sender);

describe('the metrics decoders', () => {
  it('read every kind of metric alike, and only count what tells no tokens', () => {
    const { asDouble: _value, ...exponentialPoint } = point({ value: 0, attributes: input });
    const exponential = {
      name: 'gen_ai.client.token.usage',
      exponentialHistogram: {
        aggregationTemporality: DELTA,
        dataPoints: [{ ...exponentialPoint, sum: 7, count: '2', scale: 3 }],
      },
    };
    const asInt = { ...point({ value: 0 }), asDouble: undefined, asInt: '-5' };
    const request = requestOf([
      counter('claude_code.token.usage', DELTA, { value: 1.5 }, { value: 2, attributes: output }),
      { name: 'claude_code.cost.usage', sum: { dataPoints: [asInt], aggregationTemporality: 2 } },
      histogram('gen_ai.client.token.usage', CUMULATIVE, { value: 12, attributes: input }),
      exponential,
      { name: 'gen_ai.client.token.cost', gauge: { dataPoints: [point({ value: 1 })] } },
      counter('http.server.requests', CUMULATIVE, { value: 1 }, { value: 2 }),
      { name: 'rpc.duration', summary: { dataPoints: [{ count: '1', sum: 2 }] } },
      { name: 'empty' },
    ]);
    const fromJson = runAtOnce(metricsJsonSteps(Buffer.from(JSON.stringify(request))));
    const bytes = Request.encode(Request.fromObject(JSON.parse(JSON.stringify(request)))).finish();
    expect(runAtOnce(metricsProtobufSteps(bytes))).toEqual(fromJson);
    expect(fromJson.others).toBe(3);
    expect(
      fromJson.points.map(({ name, value, count, temporality }) => [
        ...[name.split('.').at(-2), value, count, temporality],
      ]),
    ).toEqual([
      ['token', 1.5, 0, 'delta'],
      ['token', 2, 0, 'delta'],
      ['cost', -5, 0, 'cumulative'],
      ['token', 12, 3, 'cumulative'],
      ['token', 7, 2, 'delta'],
      ['token', 1, 0, 'none'],
    ]);
  });

  it('find the name of a metric behind its data', () => {
    const bytes = Request.encode(
      Request.fromObject(requestOf([counter('claude_code.cost.usage', DELTA, { value: 2 })])),
    ).finish();
    const [resourceMetrics] = [bytes];
    const name = Buffer.from('claude_code.cost.usage');
    const at = Buffer.from(resourceMetrics).indexOf(name) - 2;
    const field = Buffer.from(bytes.subarray(at, at + name.length + 2));
    const moved = Buffer.concat([
      ...[bytes.subarray(0, at), bytes.subarray(at + field.length), field],
    ]);
    expect(runAtOnce(metricsProtobufSteps(moved))).toEqual(runAtOnce(metricsProtobufSteps(bytes)));
    expect(runAtOnce(metricsProtobufSteps(moved)).points).toHaveLength(1);
  });

  it('decode or give a typed error, whatever the bytes', () => {
    const metric = counter('claude_code.token.usage', CUMULATIVE, { value: 1, attributes: input });
    const request = JSON.parse(JSON.stringify(requestOf([metric])));
    const bytes = Request.encode(Request.fromObject(request)).finish();
    const usage = new UsageMetrics();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(bytes.length),
        (changes, length) => {
          const damaged = Buffer.from(bytes.subarray(0, length));
          for (const [at, byte] of changes) if (at < length) damaged[at] = byte;
          try {
            const { events } = decodeOtlpMetrics(damaged, 'protobuf', usage, 's');
            for (const { volume } of events) expect(volume).toBeDefined();
          } catch (error) {
            expect(error).toBeInstanceOf(TripcoilError);
          }
        },
      ),
      { numRuns: 5_000 },
    );
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.constantFrom('sum', 'dataPoints'),
        (value, at) => {
          const sum = at === 'sum' ? value : { aggregationTemporality: 1, dataPoints: value };
          const body = JSON.stringify(requestOf([{ name: 'claude_code.cost.usage', sum }]));
          expect(() => decodeOtlpMetrics(Buffer.from(body), 'json', usage, 's')).not.toThrow();
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('refuse a body that is no such request', () => {
    expect(() => runAtOnce(metricsProtobufSteps(Buffer.from([0x0a, 0xff, 1])))).toThrow(
      /malformed/,
    );
    expect(() => runAtOnce(metricsJsonSteps(Buffer.from('[]')))).toThrow(/must be an object/);
  });
});

describe('token and cost metrics', () => {
  it('become one model call per agent, session, model and collection', () => {
    const agent = { 'gen_ai.agent.id': 'bot', 'gen_ai.conversation.id': 'c1' };
    const { events, rejects, ignored } = read(
      new UsageMetrics(),
      requestOf([
        histogram('gen_ai.client.token.usage', DELTA, {
          value: 900,
          attributes: { ...agent, ...input },
        }),
        histogram('gen_ai.client.token.usage', DELTA, {
          value: 120,
          attributes: { ...agent, ...output },
        }),
        counter('gen_ai.client.token.cost', DELTA, {
          value: 0.25,
          attributes: { ...agent, 'gen_ai.request.model': 'm' },
        }),
        counter('other', DELTA, { value: 1 }),
      ]),
    );
    expect({ rejects, ignored }).toEqual({ rejects: [], ignored: 1 });
    expect(events).toEqual([
      {
        v: 1,
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        time: START + 60_000,
        kind: 'model_call',
        phase: 'executed',
        source: { format: 'otlp.metrics', name: 'orders' },
        agent: { id: 'bot' },
        session: { id: 'c1', conversationId: 'c1' },
        action: { name: 'chat', op: 'execute' },
        resource: { type: 'model', id: 'm' },
        volume: { tokensIn: 900, tokensOut: 120, costUsd: 0.25 },
        outcome: { status: 'unknown' },
        attrs: { 'otel.metric.names': 'gen_ai.client.token.usage gen_ai.client.token.cost' },
      },
    ]);
  });

  it('of Claude Code count what its log records count', () => {
    const of = (type: string, value: number) => ({
      value,
      attributes: { type, model: 'm', 'session.id': 's', 'organization.id': 'org' },
    });
    const { events } = read(
      new UsageMetrics(),
      requestOf(
        [
          counter(
            'claude_code.token.usage',
            DELTA,
            ...[of('input', 10), of('output', 5), of('cacheRead', 99), of('cacheCreation', 7)],
          ),
          counter('claude_code.cost.usage', DELTA, of('', 0.5)),
        ],
        { 'service.name': 'claude-code' },
      ),
    );
    expect(events).toMatchObject([
      {
        agent: { id: 'claude-code' },
        tenantClaimed: 'org',
        session: { id: 's' },
        volume: { tokensIn: 10, tokensOut: 5, costUsd: 0.5 },
      },
    ]);
  });

  it('under two names for one figure count once', () => {
    const { events } = read(
      new UsageMetrics(),
      requestOf([
        histogram('gen_ai.client.token.usage', DELTA, { value: 10, attributes: input }),
        counter('gen_ai.client.inference.tokens', DELTA, { value: 10, attributes: input }),
      ]),
    );
    expect(events.map(({ volume }) => volume)).toEqual([{ tokensIn: 10 }]);
  });

  it('need an agent, a time and an amount', () => {
    const points = [
      { value: 1, attributes: input },
      { value: -1, attributes: input },
      { value: 1, at: 0, attributes: input },
    ];
    const request = requestOf([counter('gen_ai.client.inference.tokens', DELTA, ...points)]);
    const { events, rejects } = read(new UsageMetrics(), request);
    expect(events).toHaveLength(1);
    expect(rejects.map(({ code, path }) => [code, path])).toEqual([
      ['out_of_range', 'resourceMetrics[0].scopeMetrics[0].metrics[0].dataPoints[1].value'],
      ['missing_field', 'resourceMetrics[0].scopeMetrics[0].metrics[0].dataPoints[2].timeUnixNano'],
    ]);
    const nobody = requestOf(
      [counter('gen_ai.client.inference.tokens', DELTA, points[0] as never)],
      {},
    );
    expect(read(new UsageMetrics(), nobody)).toMatchObject({ events: [], ignored: 1 });
  });
});

describe('cumulative sums', () => {
  const at = (minute: number, value: number, start = START) =>
    requestOf([
      histogram('gen_ai.client.token.usage', CUMULATIVE, {
        ...{ value, start, at: START + minute * 60_000, attributes: input },
      }),
    ]);
  const tokens = (usage: UsageMetrics, request: object): number | undefined => {
    const result = read(usage, request);
    result.commit();
    return result.events[0]?.volume?.tokensIn;
  };

  it('add what is new since the last of their kind', () => {
    const usage = new UsageMetrics();
    expect([tokens(usage, at(1, 10)), tokens(usage, at(2, 10)), tokens(usage, at(3, 25))]).toEqual([
      10,
      undefined,
      15,
    ]);
    // The process started again.
    expect(tokens(usage, at(5, 4, START + 240_000))).toBe(4);
    expect(tokens(usage, at(6, 3, START + 240_000))).toBe(3);
  });

  it('that have run for long only set where to go on from', () => {
    const usage = new UsageMetrics();
    expect(tokens(usage, at(600, 1e6))).toBeUndefined();
    expect(tokens(usage, at(601, 1e6 + 7))).toBe(7);
  });

  it('count again what could not be stored, with the same id', () => {
    const usage = new UsageMetrics();
    const first = read(usage, at(1, 10)).events;
    const again = read(usage, at(1, 10)).events;
    expect(again).toEqual(first);
    expect(first).toHaveLength(1);
  });

  it('of another sender are other sums', () => {
    const usage = new UsageMetrics();
    tokens(usage, at(1, 10));
    expect(read(usage, at(2, 10), 'elsewhere').events).toHaveLength(1);
  });
});

describe('the double-count rule', () => {
  const [call] = traces(
    [
      {
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.agent.id': 'bot',
          'gen_ai.usage.input_tokens': 10,
        },
      },
    ],
    SERVICE,
  ).events;
  if (call === undefined) throw new Error('no event');
  const metric = (afterMs: number, service = SERVICE) =>
    requestOf(
      [
        histogram('gen_ai.client.token.usage', DELTA, {
          ...{ value: 10, attributes: input, at: call.time + afterMs, start: call.time },
        }),
      ],
      service,
    );

  it('leaves out a service whose spans told tokens within the hour', () => {
    const usage = new UsageMetrics();
    usage.observe('collector', [call]);
    expect(read(usage, metric(60_000))).toMatchObject({ events: [], ignored: 1 });
    expect(read(usage, metric(LIMITS.usageToldMs + 1)).events).toHaveLength(1);
    expect(read(usage, metric(60_000, { 'service.name': 'other' })).events).toHaveLength(1);
    expect(read(usage, metric(60_000), 'elsewhere').events).toHaveLength(1);
  });

  it('takes no note of calls that told none', () => {
    const usage = new UsageMetrics();
    const { volume: _volume, ...silent } = call;
    usage.observe('collector', [silent, { ...call, kind: 'tool_call' }]);
    expect(read(usage, metric(60_000)).events).toHaveLength(1);
  });
});
