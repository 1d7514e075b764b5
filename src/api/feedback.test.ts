import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DETECTOR, FEEDBACK_ANSWER } from './detector-schemas.ts';
import * as schemas from './schemas.ts';
import { bearer, createHarness, NOW, startApi } from './testing/harness.ts';
import { findingOf } from './testing/rows.ts';

let harness: ReturnType<typeof createHarness>;
let app: FastifyInstance;
beforeEach(async () => {
  harness = createHarness();
  harness.state.findings = [findingOf('acme', '7-0'), findingOf('globex', '8-0')];
  app = await startApi(harness);
});
afterEach(() => app.close());

const say = (id: string, payload: object, as = 'operator-acme') =>
  app.inject({
    method: 'POST',
    url: `/v1/findings/${id}/feedback`,
    headers: bearer(as),
    payload: { reason: 'looked', ...payload },
  });
const get = (url: string, as = 'viewer-acme') =>
  app.inject({ method: 'GET', url, headers: bearer(as) });

describe('feedback', () => {
  it('is an order in the finding’s tenant, by a named person', async () => {
    const response = await say('7-0', { verdict: 'false', actor: 'kim' });
    expect(response.statusCode, response.body).toBe(200);
    const answer = FEEDBACK_ANSWER.parse(response.json());
    expect(answer).toMatchObject({ tenant: 'acme', verdict: 'false', exception: null });
    expect(harness.state.orders).toMatchObject([
      {
        tenant: 'acme',
        command: { type: 'feedback', finding: '7-0', actor: 'kim (operator-acme)' },
      },
    ]);
  });

  it('that a finding is benign offers an exception with owner, reason and end', async () => {
    const answer = FEEDBACK_ANSWER.parse((await say('7-0', { verdict: 'benign' })).json());
    expect(answer.exception).toMatchObject({ agent: 'acme-bot', reason: 'looked' });
    expect(Date.parse(answer.exception?.expires ?? '')).toBeGreaterThan(NOW);
  });

  it('of a missed event names tenant and detector', async () => {
    expect((await say('evt-1', { verdict: 'missed' })).statusCode).toBe(400);
    const missed = { verdict: 'missed', tenant: 'acme', detector: 'volume_spike' };
    expect((await say('evt-1', missed)).statusCode).toBe(200);
    expect((await say('evt-1', { ...missed, tenant: 'globex' })).statusCode).toBe(403);
  });

  it('reaches no finding of another tenant, and needs an operator', async () => {
    expect((await say('8-0', { verdict: 'true' })).statusCode).toBe(404);
    expect((await say('7-0', { verdict: 'true' }, 'viewer-acme')).statusCode).toBe(403);
    expect(harness.state.orders).toEqual([]);
  });

  it('stands beside its finding', async () => {
    const word = { verdict: 'true', detector: 'd', actor: 'kim', reason: 'r', at: NOW } as const;
    harness.state.feedback.set('acme/7-0', word);
    const [row] = schemas.FINDING.array().parse((await get('/v1/findings')).json().items);
    expect(row?.feedback).toMatchObject({ verdict: 'true', actor: 'kim' });
  });
});

describe('/v1/detectors', () => {
  it('tells mode, source and precision of the tenants one may see', async () => {
    const one = {
      id: 'd',
      title: 'D',
      family: 'deterministic',
      mode: 'alert',
      agents: 3,
      blind: 1,
    };
    const feedback = { true: 2, false: 1, benign: 1, missed: 1 };
    harness.state.detectors = ['acme', 'globex'].map((tenant) => ({
      ...{ tenant, ...one, source: 'rule' as const, setAside: null, feedback },
    }));
    const rows = DETECTOR.array().parse((await get('/v1/detectors')).json().items);
    expect(rows).toMatchObject([{ tenant: 'acme', source: 'rule', precision: 0.75 }]);
  });
});
