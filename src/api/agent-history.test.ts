import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AGENT } from './agent-schemas.ts';
import { agentView, bearer, createHarness, startApi } from './testing/harness.ts';

let harness: ReturnType<typeof createHarness>;
let app: FastifyInstance;
beforeEach(async () => {
  harness = createHarness();
  harness.state.agents.push(agentView('acme', 'old-bot'));
  app = await startApi(harness);
});
afterEach(() => app.close());

const post = (url: string, payload: object, as = 'operator-acme') =>
  app.inject({ method: 'POST', url, headers: bearer(as), payload });

const BOT = '/v1/agents/acme/invoice-bot/baseline';
const why = { reason: 'it has a new task', actor: 'kim' };

describe("an agent's history", () => {
  it('is reset by a named person with a reason', async () => {
    const answer = await post(`${BOT}/reset`, why);
    expect(AGENT.parse(answer.json())).toMatchObject({ agent: 'invoice-bot' });
    expect(harness.state.orders).toEqual([
      {
        tenant: 'acme',
        command: {
          ...{ type: 'baseline_reset', actor: 'kim (operator-acme)', reason: why.reason },
          agent: 'invoice-bot',
        },
      },
    ]);
  });

  it('is merged with that of another agent, by the names on record', async () => {
    const url = '/v1/agents/acme/invoice@example.com/baseline/merge';
    const answer = await post(url, { ...why, from: 'old@example.com' });
    expect(AGENT.parse(answer.json())).toMatchObject({ agent: 'invoice-bot' });
    await post(`${BOT}/merge`, { ...why, from: 'old-bot', joining: 'at_once' });
    const order = { type: 'baseline_merge', agent: 'invoice-bot', from: 'old-bot' };
    expect(harness.state.orders.map(({ command }) => command)).toMatchObject([
      { ...order, joining: 'in_turn' },
      { ...order, joining: 'at_once' },
    ]);
  });

  it.each([
    ['without a reason', `${BOT}/reset`, {}, 'operator-acme', 400],
    ['by somebody who may only look', `${BOT}/reset`, why, 'viewer-acme', 403],
    ['by an operator of another tenant', `${BOT}/reset`, why, 'operator-globex', 404],
    ['of an agent that nobody knows', '/v1/agents/acme/x/baseline/reset', why, undefined, 404],
    ['with nobody', `${BOT}/merge`, why, undefined, 400],
    ['with an unknown agent', `${BOT}/merge`, { ...why, from: 'x' }, undefined, 404],
    ['with that of another tenant', `${BOT}/merge`, { ...why, from: 'globex-bot' }, undefined, 404],
    [
      'in some other way',
      `${BOT}/merge`,
      { ...why, from: 'old-bot', joining: 'at_will' },
      undefined,
      400,
    ],
  ])('is not touched %s', async (_, url, payload, as, status) => {
    expect((await post(url, payload, as)).statusCode).toBe(status);
    expect(harness.state.orders).toEqual([]);
  });
});
