import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../core/access-event.ts';
import type { BreakerKey } from '../core/breaker.ts';
import type { TenantConfig } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import { HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { stateOf } from './breaker/board.ts';
import { Shard } from './shard.ts';
import { restore, snapshot } from './snapshot.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

const SHARD = { registry: { detectors: [OBEDIENT] }, initialPosture: 'enforce' } as const;
const PLANNER: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'planner' };
const CHAIN: BreakerKey = { tenant: 'acme', kind: 'chain', id: 'x-1' };
const BY_AGENT = { source: { format: 'native', deliveredBy: 'a', trust: 'agent' } } as const;

function start() {
  const shard = new Shard(SHARD);
  const write = new EntryWriter();
  shard.apply([write.term(1), write.grant('acme', [{ tenant: 'acme', agent: '*' }])]);
  let count = 0;
  let now = START;
  const event = (agent: string, more: Partial<AccessEvent> = {}) => {
    count += 1;
    const id = `e${count}`;
    return shard.apply([write.input({ id, agent: { id: agent }, time: now, ...more }, now)]);
  };
  const work = (agent: string, parents: readonly string[], chain = 'x-1', more = {}) =>
    event(agent, {
      delegation: parents.map((sub) => ({ sub: `agent:${sub}`, type: 'agent' })),
      token: { txn: chain },
      ...more,
    });
  const trip = (agent: string, level = 4, key = 'agent', more = {}) =>
    event(agent, { attrs: { trip: level, key }, ...more });
  const order = (type: 'trip' | 'reset', key: BreakerKey) => {
    const { epoch } = stateOf(shard.tenant('acme').board, key);
    const said = { actor: 'kim', reason: 'seen', key } as const;
    const body =
      type === 'trip'
        ? ({ type, ...said, level: 4 } as const)
        : ({ type, ...said, epoch } as const);
    return shard.apply([write.command('acme', body, now)]);
  };
  const state = (key: BreakerKey = CHAIN) => stateOf(shard.tenant('acme').board, key);
  const pass = (ms: number) => {
    now += ms;
    return shard.apply([write.tick(now)]);
  };
  const configure = (body: TenantConfig) => shard.apply([write.config('acme', body, now)]);
  return { shard, event, work, trip, order, state, pass, configure };
}

describe('a breaker of one who delegated', () => {
  it('holds the chains of its children, for as long as it holds', () => {
    const { work, trip, order, state } = start();
    work('worker', ['planner']);
    const effects = trip('planner');
    expect(effects.map(({ decision }) => decision)).toContainEqual(
      expect.objectContaining({ key: CHAIN, to: 'open', level: 4, reason: 'cascade' }),
    );
    expect(effects).toContainEqual(
      expect.objectContaining({
        kind: 'revocation',
        decision: expect.objectContaining({ key: CHAIN }),
      }),
    );
    const parent = 'acme/agent/planner';
    expect(state()).toMatchObject({
      phase: 'open',
      cascadeOf: parent,
      closesAt: null,
      latch: null,
    });
    const closing = order('reset', PLANNER);
    expect(closing.map(({ decision }) => decision)).toContainEqual(
      expect.objectContaining({ key: CHAIN, to: 'closed', reason: 'cascade_ended' }),
    );
    expect(state().phase).toBe('closed');
  });

  it('holds those of the children of its children, and no chain of anybody else', () => {
    const { work, trip, state } = start();
    work('caller', ['worker', 'planner']);
    work('other', ['somebody'], 'x-2');
    trip('planner');
    expect(state().phase).toBe('open');
    expect(state({ ...CHAIN, id: 'x-2' }).phase).toBe('closed');
    trip('worker', 3);
    expect(state({ ...PLANNER, id: 'worker' })).toMatchObject({ level: 3 });
  });

  it('holds what is delegated later, and nothing below level 4', () => {
    const { work, trip, state } = start();
    trip('planner', 3);
    work('worker', ['planner']);
    expect(state().phase).toBe('closed');
    trip('planner', 5);
    expect(state()).toMatchObject({ phase: 'open', level: 4 });
    work('worker', ['planner'], 'x-3');
    expect(state({ ...CHAIN, id: 'x-3' })).toMatchObject({ phase: 'open', level: 4 });
  });

  it('believes no agent about whom it works for', () => {
    const { work, trip, state } = start();
    work('worker', ['planner'], 'x-1', BY_AGENT);
    trip('planner');
    expect(state().phase).toBe('closed');
  });

  it('of a session holds the chains delegated in that session alone', () => {
    const { event, work, trip, state } = start();
    event('planner', { session: { id: 's-1' } });
    work('worker', ['planner']);
    event('planner', { session: { id: 's-2' } });
    work('worker', ['planner'], 'x-2');
    trip('planner', 4, 'session', { session: { id: 's-1' } });
    expect(state().phase).toBe('open');
    expect(state({ ...CHAIN, id: 'x-2' }).phase).toBe('closed');
  });

  it('lets go only when the last of two parents lets go', () => {
    const { work, trip, order, state } = start();
    work('worker', ['planner', 'lead']);
    trip('planner');
    trip('lead');
    const { epoch } = state();
    order('reset', PLANNER);
    expect(state()).toMatchObject({ phase: 'open', epoch, cascadeOf: 'acme/agent/lead' });
    order('reset', { ...PLANNER, id: 'lead' });
    expect(state().phase).toBe('closed');
  });

  it('holds by a person’s word in shadow too, and asks only about protected children', () => {
    const { work, trip, order, state, configure } = start();
    work('worker', ['planner']);
    order('trip', PLANNER);
    expect(state()).toMatchObject({ phase: 'open', class: 'operator' });
    order('reset', PLANNER);
    configure({ detectors: {}, breakers: { protectedAgents: ['worker'] } });
    trip('planner');
    expect(state()).toMatchObject({ phase: 'open', level: 2 });
  });

  it('outlives no chain: what is long over is not held', () => {
    const { work, trip, state, pass } = start();
    work('worker', ['planner']);
    pass(LIMITS.liveNameMs + MINUTE_MS);
    trip('planner');
    expect(state().phase).toBe('closed');
  });

  it('never ends by time, and uses up nobody’s budget', () => {
    const { shard, work, trip, state, pass } = start();
    work('worker', ['planner']);
    trip('planner');
    pass(24 * HOUR_MS);
    expect(state().phase).toBe('open');
    const { automatic } = shard.tenant('acme').board;
    expect([...automatic.proven]).toEqual(['acme/agent/planner']);
  });

  it('holds the latest chains, and is the same after a restart', () => {
    const { shard, work, trip, order } = start();
    const most = LIMITS.delegatedChains + 5;
    for (let n = 0; n < most; n += 1) work('worker', ['planner'], `y-${n}`);
    expect(shard.tenant('acme').delegations.size).toBe(LIMITS.delegatedChains);
    const again = new Shard(SHARD);
    restore(again, JSON.parse(JSON.stringify([...snapshot(shard)])));
    expect([...again.tenant('acme').delegations]).toEqual([...shard.tenant('acme').delegations]);
    const opened = trip('planner').filter(({ kind }) => kind === 'transition');
    expect(opened).toHaveLength(1 + LIMITS.cascadedChains);
    expect(opened[1]?.decision).toMatchObject({ key: { ...CHAIN, id: `y-${most - 1}` } });
    const closed = order('reset', PLANNER).filter(({ kind }) => kind === 'transition');
    expect(closed).toHaveLength(1 + LIMITS.cascadedChains);
    expect(shard.tenant('acme').board.cascades.size).toBe(0);
  });
});
