import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ZodType } from 'zod';
import { LIMITS } from '../core/limits.ts';
import * as schemas from './schemas.ts';
import { bearer, createHarness, startApi } from './testing/harness.ts';
import { eventOf, transitionOf } from './testing/rows.ts';

let harness: ReturnType<typeof createHarness>;
let app: FastifyInstance;
beforeEach(async () => {
  harness = createHarness();
  app = await startApi(harness);
});
afterEach(() => app.close());

const get = (url: string) => app.inject({ url, headers: bearer('viewer-all') });

async function read<Body>(url: string, schema: ZodType<Body>): Promise<Body> {
  const response = await get(url);
  expect(response.statusCode, response.body).toBe(200);
  return schema.parse(response.json());
}

describe('reading a token', () => {
  it('tells the life of a token, in the tenant that is asked for', async () => {
    harness.state.chain = ['acme', 'globex'].map((tenant, seq) => ({
      seq,
      loggedAt: seq,
      event: eventOf(tenant, `evt-${seq}`),
    }));
    const key = { tenant: 'acme', kind: 'token', id: 't-1' } as const;
    const transition = { ...transitionOf('acme'), key };
    harness.state.transitions = [{ seq: 9, transition }];
    const token = await read('/v1/tokens/t-1', schemas.TOKEN);
    expect(token).toMatchObject({
      ...{ jti: 't-1', asked: 't-1', tenant: 'acme', state: 'revoked', truncated: false },
      times: { accepted: '2026-11-21T09:00:00.000Z', revoked: '2026-11-21T09:00:00.000Z' },
      other_tenants: ['globex'],
    });
    expect(token.steps).toMatchObject([
      { state: 'accepted', event_id: 'evt-0', seq: 0 },
      { state: 'revoked', by: 'breaker', revoked_by: { key, level: transition.level } },
    ]);
    const other = await read('/v1/tokens/t-1?tenant=globex', schemas.TOKEN);
    expect(other).toMatchObject({ tenant: 'globex', state: 'accepted', other_tenants: [] });
    expect((await get('/v1/tokens/none')).statusCode).toBe(404);
    harness.state.chain = Array.from({ length: LIMITS.tokenRecords + 1 }, (_, seq) => ({
      ...{ seq, loggedAt: seq, event: eventOf('acme', `evt-${seq}`) },
    }));
    expect((await read('/v1/tokens/t-1', schemas.TOKEN)).truncated).toBe(true);
  });

  it('finds a token by the personal id that brokers write', async () => {
    const known = eventOf('acme', 'evt-1');
    const event = { ...known, token: { ...known.token, jti: 'ann-bot' } };
    harness.state.chain = [{ seq: 1, loggedAt: 1, event }];
    const token = await read('/v1/tokens/ann@example.com', schemas.TOKEN);
    expect(token).toMatchObject({ tenant: 'acme', jti: 'ann-bot', asked: 'ann@example.com' });
  });
});
