import { describe, expect, it } from 'vitest';
import type { AgentView } from '../ports/engine-view.ts';
import type { IntakeView, SourceView } from '../ports/ingest-status.ts';
import type { IngestStatusBody } from './contract.ts';
import { INGEST_STATUS } from './schemas.ts';
import { agentView, bearer, createHarness, NOW, startApi } from './testing/harness.ts';

const SOURCE: SourceView = {
  ...{ tenant: 'acme', id: 'gateway (native, broker)', name: 'gateway', format: 'native' },
  ...{ sender: 'broker', trust: 'broker', state: 'silent', perSecond: 0, perSecondHour: 0.5 },
  ...{ lagP50Ms: 3, lagP99Ms: 90, firstSeen: NOW - 1_000, lastSeen: NOW, watermark: NOW - 5 },
  ...{ accepted: 12, duplicates: 1 },
  sequence: {
    ...{ last: 14, restarts: 0, missing: 2 },
    gaps: [{ from: 4, to: 5, since: NOW - 10, told: false }],
  },
  silence: { since: NOW, allowedMs: 900_000, longestPauseMs: 60_000, unjudged: null },
};

const INTAKE: IntakeView = {
  ...{ sender: 'broker', trust: 'broker', tenants: ['acme'], format: 'native', accepted: 12 },
  ...{ ignored: 0, quarantined: 1, rejected: { clock_skew: 1 }, lastAt: NOW },
  examples: [{ at: NOW, code: 'clock_skew', path: 'time', message: 'far off', shape: null }],
  unknownAttributes: [{ key: 'acme.x', count: 3 }],
  unattributed: [
    {
      ...{ missing: 'agent', count: 1, candidates: [], fix: 'aliases:', fixIn: 'configuration' },
    },
  ],
};

async function statusFor(
  token: string,
  { path = '/v1/ingest/status', agents }: { path?: string; agents?: readonly AgentView[] } = {},
) {
  const harness = createHarness();
  if (agents !== undefined) harness.state.agents = [...agents];
  harness.state.sources = [SOURCE, { ...SOURCE, tenant: 'globex' }];
  harness.state.intakes = [INTAKE];
  const topic = { name: 'eu', topic: 'spans', format: 'otlp.traces', state: 'reading', lag: 4 };
  harness.state.busSources = [
    { ...topic, tenants: ['acme'], partitions: new Map([[0, 4]]) },
    { ...topic, tenants: ['acme', 'globex'], partitions: new Map() },
  ];
  const app = await startApi(harness);
  const answer = await app.inject({ method: 'GET', url: path, headers: bearer(token) });
  await app.close();
  return { status: answer.statusCode, body: answer.json<IngestStatusBody>() };
}

describe('GET /v1/ingest/status', () => {
  it('answers as described, with everything for a credential of every tenant', async () => {
    const { body } = await statusFor('viewer-all');
    expect(INGEST_STATUS.parse(body)).toEqual(body);
    expect(body.sources).toHaveLength(2);
    expect(body.intakes[0]).toMatchObject({ credential: 'broker', quarantined: 1 });
    expect(body.turned_away).toEqual([
      { format: 'otlp.traces', code: 'unauthenticated', count: 3 },
    ]);
    expect(body.kafka.map(({ partitions }) => partitions)).toEqual([
      [{ partition: 0, lag: 4 }],
      [],
    ]);
    expect(body.queue).toEqual({ state: 'open', length: 12, capacity: 65_536 });
    expect(body.blind).toMatchObject([{ field: 'resource.tenant', agents: 2 }]);
  });

  it('names blind detectors that can act before those in shadow, however many agents', async () => {
    const blind = (field: string) => ({ field, cure: 'Send it.' });
    const agents = [
      agentView('acme', 'a', {
        coverage: [
          { detector: 'tried_out', mode: 'shadow', blind: blind('resource.unit') },
          { detector: 'mixed', mode: 'shadow', blind: blind('token.jti') },
        ],
      }),
      agentView('acme', 'b', {
        coverage: [
          { detector: 'tried_out', mode: 'shadow', blind: blind('resource.unit') },
          { detector: 'mixed', mode: 'alert', blind: blind('token.jti') },
          { detector: 'acting', mode: 'enforce', blind: blind('resource.tenant') },
        ],
      }),
    ];
    const { body } = await statusFor('viewer-all', { agents });
    expect(body.blind.map(({ detector, mode, agents }) => [detector, mode, agents])).toEqual([
      ['mixed', 'alert', 2],
      ['acting', 'enforce', 1],
      ['tried_out', 'shadow', 2],
    ]);
  });

  it('tells a tenant of its own alone, and nothing of the process', async () => {
    const { body } = await statusFor('viewer-acme');
    expect(body.sources.map(({ tenant }) => tenant)).toEqual(['acme']);
    expect(body).toMatchObject({ turned_away: [], queue: { length: null } });
    expect(body.kafka).toHaveLength(1);
    expect(body.blind).toMatchObject([{ agents: 1, examples: ['invoice-bot'] }]);
  });

  it('narrows to one tenant on request, and never widens', async () => {
    const narrowed = await statusFor('viewer-all', { path: '/v1/ingest/status?tenant=globex' });
    expect(narrowed.body.sources.map(({ tenant }) => tenant)).toEqual(['globex']);
    const foreign = await statusFor('viewer-acme', { path: '/v1/ingest/status?tenant=globex' });
    expect(foreign.body).toMatchObject({ sources: [], intakes: [], blind: [], turned_away: [] });
  });

  it('is for readers', async () => {
    expect((await statusFor('ingest-acme')).status).toBe(403);
  });
});
