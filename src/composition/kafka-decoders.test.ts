import { describe, expect, it } from 'vitest';
import type { DecodedRecord } from '../receivers/kafka/source.ts';
import { UsageMetrics } from '../receivers/otlp/usage-metrics.ts';
import { pairs } from '../receivers/testing/otlp-json.ts';
import { kafkaDecoder } from './kafka-decoders.ts';

const START = Date.UTC(2026, 10, 21, 9);
const nano = (ms: number) => `${ms}000000`;
const resource = { attributes: pairs({ 'service.name': 'shop' }) };

function metrics(sum: number, minute: number): object {
  const point = {
    startTimeUnixNano: nano(START),
    timeUnixNano: nano(START + minute * 60_000),
    attributes: pairs({ 'gen_ai.token.type': 'input' }),
    ...{ sum, count: String(minute) },
  };
  const histogram = { aggregationTemporality: 2, dataPoints: [point] };
  const list = [{ name: 'gen_ai.client.token.usage', histogram }];
  return { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: list }] }] };
}

function spans(): object {
  const attributes = pairs({ 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 900 });
  const ids = { traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174' };
  const span = { ...ids, startTimeUnixNano: nano(START), attributes };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] };
}

function decoderOf(signal: 'traces' | 'metrics', usage: UsageMetrics, name: string) {
  const sender = { name, roles: ['ingest'], tenants: ['acme'], trust: 'agent' } as const;
  const decoder = kafkaDecoder({ format: 'otlp_json', signal, sender, usage, formats: new Map() });
  if (decoder === null) throw new Error('no decoder');
  const decode = (value: object): DecodedRecord =>
    decoder.decode({ value: Buffer.from(JSON.stringify(value)) } as never);
  return { ...decoder, decode };
}

const tokensOf = ({ events }: DecodedRecord) => events.map(({ volume }) => volume?.tokensIn);

describe('OTLP metrics of a topic', () => {
  it('come to the tokens since the last record that is durable', () => {
    const { source, singly, decode } = decoderOf('metrics', new UsageMetrics(), 'metrics');
    expect([source, singly]).toEqual(['otlp.metrics', true]);
    const first = decode(metrics(900, 1));
    expect(tokensOf(first)).toEqual([900]);
    expect(tokensOf(decode(metrics(1_000, 2)))).toEqual([1_000]);
    first.commit?.();
    expect(tokensOf(decode(metrics(1_000, 2)))).toEqual([100]);
  });

  it('repeat no tokens that spans of another source of the same tenants have told', () => {
    const usage = new UsageMetrics();
    const read = decoderOf('traces', usage, 'spans').decode(spans());
    expect(tokensOf(read)).toEqual([900]);
    const { decode } = decoderOf('metrics', usage, 'metrics');
    expect(tokensOf(decode(metrics(900, 1)))).toEqual([900]);
    read.commit?.();
    expect(tokensOf(decode(metrics(900, 1)))).toEqual([]);
  });
});
