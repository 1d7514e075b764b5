import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pairs } from '../../src/receivers/testing/otlp-json.ts';
import { readInput } from '../../src/replay/read-input.ts';
import { tripcoil } from './served-daemon.ts';

const START = 1_795_251_600_000;
const nano = (ms: number) => `${ms}000000`;
const resource = (name: string) => ({ attributes: pairs({ 'service.name': name }) });
const spansOf = (service: string, attributes: Parameters<typeof pairs>[0]) => {
  const span = {
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: 'eee19b7ec3c1b174',
    startTimeUnixNano: nano(START),
    attributes: pairs(attributes),
  };
  return { resourceSpans: [{ resource: resource(service), scopeSpans: [{ spans: [span] }] }] };
};
const metricsOf = (service: string) => {
  const point = {
    startTimeUnixNano: nano(START),
    timeUnixNano: nano(START + 60_000),
    attributes: pairs({ 'gen_ai.token.type': 'input' }),
    sum: 900,
    count: '3',
  };
  const histogram = { aggregationTemporality: 2, dataPoints: [point] };
  const metrics = [{ name: 'gen_ai.client.token.usage', histogram }];
  return { resourceMetrics: [{ resource: resource(service), scopeMetrics: [{ metrics }] }] };
};

describe('a file of a Collector', () => {
  let directory: string;
  let file: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tripcoil-test-'));
    file = join(directory, 'otlp.ndjson');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  const write = (...lines: readonly object[]) =>
    writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

  it('is read with the aliases of the configuration', async () => {
    await write(spansOf('svc', { 'my.agent': 'bot', 'my.tool': 'search' }));
    expect((await readInput([file], 'auto', 'acme')).events).toEqual([]);
    const aliases = { 'agent.id': ['my.agent'], 'action.name': ['my.tool'] };
    const { events } = await readInput([file], 'auto', 'acme', { aliases });
    expect(events.map(({ event }) => [event.agent.id, event.action.name])).toEqual([
      ['bot', 'search'],
    ]);
  });

  it('tells tokens by its metrics where its spans do not', async () => {
    const usage = { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 900 };
    await write(spansOf('told', usage), metricsOf('told'), metricsOf('untold'));
    const { events, rejects } = await readInput([file], 'otlp', 'acme');
    expect(rejects).toEqual([]);
    const read = events.map(({ event }) => [event.source.format, event.agent.id, event.volume]);
    expect(read).toEqual([
      ['otlp.traces', 'told', { tokensIn: 900 }],
      ['otlp.metrics', 'untold', { tokensIn: 900 }],
    ]);
  });

  it('with nothing in it that agents did says what its records were', async () => {
    await write(spansOf('shop', { 'some.attribute': 'any' }));
    const settings = join(directory, 'tripcoil.json');
    await writeFile(settings, JSON.stringify({ data_directory: join(directory, 'data') }));
    const imported = await tripcoil('import', '--history', file, '-c', settings);
    expect(imported.stderr).toContain("1 of otlp.traces tell of no agent's action");
    expect(imported.code).toBe(1);
    const replayed = await tripcoil('replay', file);
    expect(replayed.stderr).toContain('0 events, 0 rejected, 1 ignored');
    expect(JSON.parse(replayed.stdout)).toMatchObject({ type: 'summary', ignored: 1 });
  });
});
