import { describe, expect, it } from 'vitest';
import type { CheckRequest } from '../../ports/breakers.ts';
import { NO_NAMES, namesOfHeader } from './names.ts';
import { type GatewayQuestion, ruleOnRequest } from './ruling.ts';
import { gatewayDependencies } from './testing/gateway.ts';
import { Throttle } from './throttle.ts';

const QUESTION: GatewayQuestion = {
  tenant: 'acme',
  broker: 'nginx',
  told: NO_NAMES,
  token: NO_NAMES,
  isTokenVerified: false,
  tool: undefined,
  op: 'write',
};

/** Rules while the session `s-1` of the agent `invoice-bot` is suspended. */
function statusOf(question: Partial<GatewayQuestion>): number {
  const dependencies = { ...gatewayDependencies(), throttle: new Throttle() };
  const { view } = dependencies;
  const calm = view.check({ tenant: 'acme' });
  view.trip({ tenant: 'acme', kind: 'session', id: 's-1' }, 4);
  const stopped = view.check({ tenant: 'acme', session: 's-1' });
  // Without a session every session of the agent counts, as the engine's index has it.
  const check = ({ agent, session }: CheckRequest) =>
    session === 's-1' || (agent === 'invoice-bot' && session === undefined) ? stopped : calm;
  const asked = { ...QUESTION, ...question };
  return ruleOnRequest({ ...dependencies, view: { ...view, check } }, asked).status;
}

describe('ruleOnRequest', () => {
  const agents = ['invoice-bot'];
  const other = { ...NO_NAMES, sessions: ['s-2'] };

  it('counts every session of an agent that comes without one', () => {
    expect(statusOf({ told: { ...NO_NAMES, agents } })).toBe(403);
    expect(statusOf({ told: { ...NO_NAMES, agents, sessions: ['s-1'] } })).toBe(403);
    expect(statusOf({ told: { ...NO_NAMES, agents, sessions: ['s-2'] } })).toBe(200);
  });

  it('lets no session that anybody could make up free an agent that the gateway names', () => {
    const told = { ...NO_NAMES, agents };
    expect(statusOf({ told, token: other })).toBe(403);
    expect(statusOf({ told, token: other, isTokenVerified: true })).toBe(200);
    expect(statusOf({ token: { ...other, agents } })).toBe(200);
    expect(statusOf({ token: { ...NO_NAMES, agents, sessions: ['s-1'] } })).toBe(403);
  });

  it('asks about each part of a header that came twice', () => {
    const twice = { ...NO_NAMES, agents: namesOfHeader('invoice-bot, other') };
    expect(twice.agents).toEqual(['invoice-bot, other', 'invoice-bot', 'other']);
    expect(statusOf({ told: twice })).toBe(403);
    const sessions = namesOfHeader('s-2,s-1');
    expect(statusOf({ told: { ...NO_NAMES, agents: ['other'], sessions } })).toBe(403);
  });
});
