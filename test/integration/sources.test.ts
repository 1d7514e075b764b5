import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IngestStatusBody } from '../../src/api/contract.ts';
import { ask } from './http.ts';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  tripcoil,
  type Workplace,
} from './served-daemon.ts';

let workplace: Workplace;
let daemon: ServedDaemon;
let ingest: string;
let operator: string;

beforeAll(async () => {
  workplace = await createWorkplace('sources: { gap_grace_minutes: 0.001 }\n');
  daemon = await serve(workplace);
  ingest = await daemon.token('local-ingest');
  operator = await daemon.token('local-operator');
});
afterAll(async () => {
  await daemon?.stop();
  await workplace?.remove();
});

const status = async (): Promise<IngestStatusBody> =>
  (await call<IngestStatusBody>(daemon, operator, 'GET', '/v1/ingest/status')).body;

function nativeEvent(id: string, seq: number) {
  return {
    ...{ id, time: new Date().toISOString(), agent: { id: 'bot' }, source: { name: 'gw', seq } },
    action: { name: 'search_orders' },
  };
}

describe('sources of a running daemon', () => {
  it('tell of a gap, of rejects by shape and of requests turned away', async () => {
    for (const seq of [1, 2, 5]) {
      const sent = await call(daemon, ingest, 'POST', '/v1/events', nativeEvent(`e${seq}`, seq));
      expect(sent.status).toBe(200);
    }
    await call(daemon, ingest, 'POST', '/v1/events', { id: 'x', time: 'bob@example.com' });
    await call(daemon, 'no-such-token-at-all', 'POST', '/v1/events', nativeEvent('e9', 9));
    const told = await eventually(
      status,
      ({ sources }) => sources[0]?.sequence?.gaps[0]?.told === true,
    );
    expect(told.sources[0]).toMatchObject({
      ...{ name: 'gw', format: 'native', credential: 'local-ingest', accepted: 3 },
      sequence: { last: 5, missing: 2, gaps: [{ from: 3, to: 4 }] },
    });
    expect(told.intakes[0]?.examples[0]).toMatchObject({ shape: '{id: text, time: text}' });
    expect(told.turned_away).toContainEqual({
      ...{ format: 'native', code: 'unauthenticated', count: 1 },
    });
    expect(JSON.stringify(told)).not.toContain('bob@example.com');
    const findings = await eventually(
      () => call<{ items: { detector: string }[] }>(daemon, operator, 'GET', '/v1/findings'),
      ({ body }) => body.items.some(({ detector }) => detector === 'source_gap'),
    );
    expect(findings.body.items[0]).toMatchObject({ agent: '', subject: { kind: 'source' } });
  });

  it('name the alias that would attribute a span', async () => {
    const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const span = {
      ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'execute_tool x', kind: 1 },
      ...{ startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now()}000000` },
      attributes: [
        text('gen_ai.operation.name', 'execute_tool'),
        text('gen_ai.tool.name', 'x'),
        text('acme.bot.id', 'carol@example.com'),
      ],
    };
    const body = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
    expect((await call(daemon, ingest, 'POST', '/v1/traces', body)).status).toBe(200);
    const { intakes } = await status();
    const otlp = intakes.find(({ format }) => format === 'otlp.traces');
    expect(otlp?.unattributed[0]).toMatchObject({
      ...{ missing: 'agent', count: 1, fix: 'aliases:\n  agent.id: [acme.bot.id]' },
    });
    expect(JSON.stringify(intakes)).not.toContain('carol');
  });
});

describe('tripcoil doctor', () => {
  it('follows a probe to the store and says what is wrong with the sources', async () => {
    const result = await tripcoil(
      ...['doctor', '-c', workplace.configFile, '--server', daemon.main, '--probe', '-o', 'json'],
    );
    const checks = JSON.parse(result.stdout) as { check: string; status: string; cure: string }[];
    const of = (check: string) => checks.find((one) => one.check.startsWith(check));
    expect(of('probe')).toMatchObject({ status: 'ok' });
    expect(of('daemon')).toMatchObject({ status: 'ok' });
    expect(of('source ')?.status).toBe('warning');
    expect(of('requests native')?.cure).toContain('ingest');
    expect(result.code).toBe(1);
  });

  it('exits with 2 where nothing answers, and names the cure', async () => {
    const result = await tripcoil('doctor', '--url', 'http://127.0.0.1:9');
    expect(result.code).toBe(2);
    expect(result.stdout).toContain('cure: Start it with tripcoil serve');
  });

  it('judges configuration, directory and ports without a daemon', async () => {
    const result = await tripcoil('doctor', '-c', workplace.configFile, '-o', 'json');
    const checks = JSON.parse(result.stdout) as { check: string; status: string }[];
    const sound = checks.filter(({ status: of }) => of === 'ok').map(({ check }) => check);
    expect(sound).toEqual(
      expect.arrayContaining(['config', 'node', 'data_directory', 'keys', 'listen', 'otlp']),
    );
    expect((await ask(`${daemon.main}/healthz`)).status).toBe(200);
  });
});
