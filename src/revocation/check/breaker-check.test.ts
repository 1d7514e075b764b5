import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import type { ReceivedEvent } from '../../core/access-event.ts';
import type { BreakerKey } from '../../core/breaker.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { CheckAnswer } from '../../ports/breakers.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { AUTHENTICATOR, createFakeClock, createFakeView } from '../testing/fakes.ts';
import { breakerCheck } from './breaker-check.ts';

const AGENT: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' };
const EVENT: ReceivedEvent = {
  v: 1,
  id: 'evt-1',
  time: 0,
  kind: 'tool_call',
  phase: 'proposed',
  source: { format: 'native' },
  agent: { id: 'invoice-bot' },
  action: { name: 'send_email', op: 'write' },
  outcome: { status: 'unknown' },
  attrs: {},
};
const PROPOSED = {
  id: 'evt-1',
  time: '2026-11-21T09:00:00Z',
  phase: 'proposed',
  agent: { id: 'invoice-bot' },
  action: { name: 'send_email' },
};

async function serve(propose?: () => Promise<CheckAnswer>, event = EVENT) {
  const view = createFakeView();
  const clock = createFakeClock();
  const app = Fastify();
  await app.register(
    breakerCheck({
      view,
      clock,
      authenticator: AUTHENTICATOR,
      control: { propose: propose ?? (async () => view.check({ tenant: 'acme' })) },
      parseProposed: (value) =>
        (value as { id?: string }).id === undefined
          ? { reject: { position: 0, code: 'missing_field', path: 'id', message: 'is required' } }
          : { event },
      metrics: SILENT_METRICS,
      log: SILENT_LOG,
      approvalUrl: (tenant, key) => `https://t.example/approve/${tenant}/${key.id}`,
    }),
  );
  const ask = async (payload: object, token = 'broker-token') => {
    const headers = { authorization: `Bearer ${token}` };
    return app.inject({ method: 'POST', url: '/v1/check', headers, payload });
  };
  return { view, clock, ask };
}

describe('POST /v1/check with a question', () => {
  it('allows what nothing holds back', async () => {
    const { ask } = await serve();
    const answer = await ask({ agent: 'invoice-bot', op: 'write' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      allow: true,
      level: 0,
      reason: 'closed',
      approval_url: null,
      retry_after: null,
      epoch: 0,
      key: null,
      judged: false,
      risk: null,
      rate_per_min: null,
    });
  });

  it('tells the risk of the agent that it asks about', async () => {
    const asked: CheckAnswer = {
      ...{ allow: true, level: 0, reason: 'closed', key: null, epoch: 0, class: null },
      ...{ posture: 'enforce', risk: 42.5, ratePerMin: 6 },
    };
    const { ask } = await serve(async () => asked);
    expect((await ask(PROPOSED)).json()).toMatchObject({
      ...{ allow: true, risk: 42.5, rate_per_min: 6 },
    });
  });

  it('denies a suspended agent and names the breaker', async () => {
    const { view, ask } = await serve();
    view.trip(AGENT, 4);
    const answer = await ask({ agent: 'invoice-bot', tenant: 'acme', op: 'read' });
    expect(answer.json()).toMatchObject({ allow: false, level: 4, epoch: 1, key: AGENT });
  });

  it('offers approval at level 2 and patience at level 1', async () => {
    const { view, ask } = await serve();
    view.trip(AGENT, 1);
    expect((await ask({ agent: 'invoice-bot' })).json()).toMatchObject({
      allow: true,
      retry_after: LIMITS.retryAfterSeconds,
    });
    view.trip(AGENT, 2);
    expect((await ask({ agent: 'invoice-bot', op: 'write' })).json()).toMatchObject({
      allow: false,
      approval_url: 'https://t.example/approve/acme/invoice-bot',
    });
    expect((await ask({ agent: 'invoice-bot', op: 'list' })).json()).toMatchObject({ allow: true });
  });

  it('lets a shadow tenant pass, but for what a person tripped', async () => {
    const { view, ask } = await serve();
    view.posture = 'shadow';
    view.trip(AGENT, 4);
    expect((await ask({ agent: 'invoice-bot' })).json()).toMatchObject({ allow: true, level: 4 });
    view.trip(AGENT, 5, { class: 'operator' });
    expect((await ask({ agent: 'invoice-bot' })).json()).toMatchObject({ allow: false, level: 5 });
  });

  it.each([
    ['another tenant', { tenant: 'globex', agent: 'x' }, 403],
    ['a number for an agent', { agent: 7 }, 400],
    ['an identifier beyond the limit', { agent: 'x'.repeat(LIMITS.identifierChars + 1) }, 400],
    ['an executed event', { ...PROPOSED, phase: 'executed' }, 400],
    ['an event without a phase', { ...PROPOSED, phase: undefined }, 400],
    ['a proposed event that does not parse', { ...PROPOSED, id: undefined }, 400],
    ['an array', [], 400],
  ])('refuses %s', async (_name, payload, status) => {
    const { ask } = await serve();
    expect((await ask(payload)).statusCode).toBe(status);
  });

  it('wants the broker role', async () => {
    const { ask } = await serve();
    expect((await ask({ agent: 'a' }, 'viewer-token')).statusCode).toBe(403);
    expect((await ask({ agent: 'a' }, 'nope')).statusCode).toBe(401);
  });
});

describe('POST /v1/check with a proposed event', () => {
  const DENIED: CheckAnswer = {
    allow: false,
    level: 4,
    reason: 'out_of_scope_access',
    key: AGENT,
    epoch: 3,
    class: 'deterministic',
    posture: 'enforce',
  };

  it('answers from the fold', async () => {
    const { ask } = await serve(async () => DENIED);
    expect((await ask(PROPOSED)).json()).toMatchObject({
      allow: false,
      level: 4,
      reason: 'out_of_scope_access',
      judged: true,
    });
  });

  it('keeps to a refusal of the fold where the level alone would allow', async () => {
    const refusal: CheckAnswer = { ...DENIED, level: 3, class: null, key: null };
    const { ask } = await serve(async () => refusal, {
      ...EVENT,
      action: { name: 'x', op: 'read' },
    });
    expect((await ask(PROPOSED)).json()).toMatchObject({ allow: false, level: 3, judged: true });
  });

  it.each([
    ['enforce', 4, 'write', false, 'volume_spike'],
    ['enforce', 4, 'read', false, 'volume_spike'],
    ['shadow', 4, 'write', true, 'volume_spike'],
    ['shadow', 0, 'write', true, 'closed'],
    ['enforce', 0, 'write', false, 'not_judged'],
    ['enforce', 1, 'delete', false, 'not_judged'],
    ['enforce', 0, 'read', true, 'closed'],
    ['enforce', 0, 'list', true, 'closed'],
  ] as const)(
    'lets only reads through unjudged when late: %s at level %i, a %s',
    async (posture, level, op, allow, reason) => {
      let asked = (): void => undefined;
      const proposed = new Promise<void>((resolve) => {
        asked = resolve;
      });
      const { view, clock, ask } = await serve(
        () => {
          asked();
          return new Promise(() => undefined);
        },
        { ...EVENT, action: { name: 'send_email', op } },
      );
      view.posture = posture;
      if (level > 0) view.trip(AGENT, level);
      const answering = ask(PROPOSED);
      await proposed;
      await new Promise(setImmediate);
      clock.advance(LIMITS.proposeAnswerMs);
      expect((await answering).json()).toMatchObject({ allow, level, reason, judged: false });
      expect(clock.sleepers).toBe(0);
    },
  );

  it('falls back when the ledger cannot be written, not on the caller’s fault', async () => {
    const full = await serve(async () => {
      throw new TripcoilError('storage_unavailable', 'x', { retryable: true });
    });
    expect((await full.ask(PROPOSED)).json()).toMatchObject({
      allow: false,
      reason: 'not_judged',
      judged: false,
    });
    full.view.trip(AGENT, 4);
    expect((await full.ask(PROPOSED)).json()).toMatchObject({ allow: false, judged: false });
    const wrong = await serve(async () => {
      throw new TripcoilError('forbidden', 'not yours');
    });
    expect((await wrong.ask(PROPOSED)).statusCode).toBe(403);
  });
});
