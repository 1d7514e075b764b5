import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BreakerMap } from './breaker-map.ts';
import type { BreakerKey, BreakerState, Snapshot } from './messages.ts';

const KEY: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' };

function state(overrides: Partial<BreakerState> = {}): BreakerState {
  return {
    key: KEY,
    phase: 'open',
    level: 4,
    term: 1,
    epoch: 1,
    reason: 'volume_spike',
    class: 'statistical',
    ...overrides,
  };
}

function snapshot(breakers: readonly BreakerState[], seq = 1, term = 1): Snapshot {
  return { tenant: 'acme', term, seq, posture: 'enforce', breakers };
}

function mapWith(...breakers: BreakerState[]): BreakerMap {
  const map = new BreakerMap(() => 'broker-1');
  map.applySnapshot(snapshot(breakers));
  return map;
}

const CLOSED = { phase: 'closed', level: 0 } as const;

describe('BreakerMap', () => {
  it.each([
    ['an older epoch in a transition', { seq: 2, term: 1 }, { epoch: 4 }],
    ['an older position', { seq: 0, term: 1 }, { epoch: 9 }],
    ['the same position', { seq: 1, term: 1 }, { epoch: 9 }],
    ['an older term', { seq: 9, term: 0 }, { epoch: 9, term: 0 }],
  ])('is not lifted by %s', (_name, position, closing) => {
    const map = mapWith(state({ epoch: 5 }));
    map.applyTransition({ ...position, breaker: state({ ...CLOSED, ...closing }) });
    expect(map.highest({ agent: 'invoice-bot' })?.level).toBe(4);
    expect(map.refused).toBe(1);
  });

  it.each([
    ['an older position', snapshot([], 0)],
    ['an older term', snapshot([], 99, 0)],
    ['another tenant', { ...snapshot([], 99), tenant: 'globex' }],
    ['an older epoch of the key', snapshot([state({ epoch: 1, level: 1 })], 9)],
  ])('is not lifted by a snapshot of %s', (_name, forged) => {
    const map = mapWith(state({ epoch: 5 }));
    map.applySnapshot(forged);
    expect(map.highest({ agent: 'invoice-bot' })?.level).toBe(4);
    expect(map.refused).toBe(1);
  });

  it('is lifted by a newer snapshot that no longer names the key, and says so', () => {
    const map = mapWith(state());
    const { reset } = map.applySnapshot(snapshot([], 2));
    expect(reset).toMatchObject([{ key: KEY, phase: 'closed' }]);
    expect(map.highest({ agent: 'invoice-bot' })).toBeNull();
  });

  it('believes an opening across a gap, but not a closing', () => {
    const map = mapWith(state());
    const other = { ...KEY, id: 'other' };
    expect(map.applyTransition({ seq: 7, term: 1, breaker: state({ key: other }) }).resync).toBe(
      true,
    );
    expect(map.highest({ agent: 'other' })?.level).toBe(4);
    const closing = state({ ...CLOSED, epoch: 2 });
    expect(map.applyTransition({ seq: 8, term: 1, breaker: closing }).resync).toBe(true);
    expect(map.highest({ agent: 'invoice-bot' })?.level).toBe(4);
  });

  it('is not lifted by a snapshot from before an opening that came across a gap', () => {
    const map = mapWith();
    map.applyTransition({ seq: 7, term: 1, breaker: state() });
    map.applySnapshot(snapshot([], 6));
    expect(map.highest({ agent: 'invoice-bot' })?.level).toBe(4);
    expect([map.seq, map.refused]).toEqual([1, 1]);
    map.applySnapshot(snapshot([], 7));
    expect(map.highest({ agent: 'invoice-bot' })).toBeNull();
  });

  it.each([
    ['session', { id: 's-1', agent: 'a' }, { session: 's-1' }, { agent: 'a', session: 's-2' }],
    ['session', { id: 's-1', agent: 'a' }, { agent: 'a' }, { agent: 'b' }],
    ['token', { id: 't-1' }, { jti: 't-1' }, { jti: 't-2' }],
    ['chain', { id: 'x-1' }, { chain: 'x-1' }, { chain: 'x-2', agent: 'x-1' }],
    ['tool', { id: 'a/mail' }, { agent: 'a', tool: 'mail' }, { agent: 'b', tool: 'mail' }],
    [
      'tool',
      { id: 'mail', agent: 'a' },
      { agent: 'a', tool: 'mail' },
      { agent: 'b', tool: 'mail' },
    ],
    ['agent', { id: 'a' }, { agent: 'a', session: 'any' }, { agent: 'A' }],
    ['tenant', { id: 'acme' }, { agent: 'anybody' }, null],
    ['global', { id: '*' }, {}, null],
    ['kind_of_next_year', { id: 'z' }, { agent: 'anybody' }, null],
    ['broker', { id: 'broker-1' }, { agent: 'anybody' }, null],
  ])('matches a %s key', (kind, rest, matching, other) => {
    const map = mapWith(state({ key: { tenant: 'acme', kind, ...rest } }));
    expect(map.highest(matching)?.level).toBe(4);
    if (other) expect(map.highest(other)).toBeNull();
  });

  it('leaves other brokers alone when one broker is tripped', () => {
    const map = mapWith(state({ key: { tenant: 'acme', kind: 'broker', id: 'broker-2' } }));
    expect(map.highest({ agent: 'anybody' })).toBeNull();
  });

  it('answers with the gravest of all that match', () => {
    const session = { tenant: 'acme', kind: 'session', id: 's-1', agent: 'invoice-bot' };
    const map = mapWith(state({ level: 2 }), state({ key: session, level: 5 }));
    expect(map.highest({ agent: 'invoice-bot' })?.level).toBe(5);
    expect(map.highest({ agent: 'invoice-bot', session: 's-9' })?.level).toBe(2);
    map.applyTransition({ seq: 2, term: 1, breaker: state({ key: session, ...CLOSED, epoch: 2 }) });
    expect(map.highest({ agent: 'invoice-bot' })?.level).toBe(2);
  });

  it('converges on the last snapshot, whatever was dropped, doubled or late', () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 3 }),
      level: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.infiniteStream(fc.nat(9)),
        (steps, dice) => {
          const truth = new Map<string, BreakerState>();
          const messages = steps.map(({ id, level }, index) => {
            const key = { ...KEY, id: `agent-${id}` };
            const epoch = (truth.get(key.id)?.epoch ?? 0) + 1;
            const phase = level === 0 ? ('closed' as const) : ('open' as const);
            truth.set(key.id, state({ key, epoch, level, phase }));
            return { term: 1, seq: index + 1, breaker: state({ key, epoch, level, phase }) };
          });
          const map = new BreakerMap(() => null);
          map.applySnapshot(snapshot([], 0));
          let highestEpoch = 0;
          for (const message of messages) {
            const throwOf = dice.next().value ?? 0;
            if (throwOf < 2) continue;
            map.applyTransition(message);
            if (throwOf > 6) map.applyTransition(messages[throwOf % messages.length] ?? message);
            const held = map.highest({ agent: 'agent-0' })?.epoch ?? highestEpoch;
            expect(held).toBeGreaterThanOrEqual(highestEpoch);
            highestEpoch = held;
          }
          const open = [...truth.values()].filter(({ phase }) => phase === 'open');
          map.applySnapshot(snapshot(open, messages.length));
          const levels = (states: readonly BreakerState[]) =>
            states.map(({ key, level, epoch }) => `${key.id} ${level} ${epoch}`).sort();
          expect(levels(map.snapshot()?.breakers ?? [])).toEqual(levels(open));
        },
      ),
    );
  });
});

describe('a tenant that only a file names', () => {
  const state = (tenant: string, epoch: number) => ({
    key: { tenant, kind: 'agent', id: 'bot' },
    ...({ phase: 'open', level: 5, term: 9, epoch, reason: 'x', class: 'operator' } as const),
  });
  const said = (tenant: string, term: number, seq: number) => ({
    ...{ tenant, term, seq, posture: 'enforce', breakers: [state(tenant, seq)] },
  });

  it.each(['hold', 'resume'] as const)('yields to that of the daemon: %s', (way) => {
    const map = new BreakerMap(() => null);
    map[way](said('old', 9, 9) as never);
    expect(map.highest({ agent: 'bot' })?.level).toBe(5);
    expect(map.applyTransition({ term: 9, seq: 10, breaker: state('new', 1) } as never)).toEqual({
      ...{ tripped: [], eased: [], reset: [], resync: true },
    });
    const change = map.applySnapshot({ ...said('new', 1, 1), breakers: [] } as never);
    expect(change.reset).toHaveLength(1);
    expect([map.tenant, map.term, map.open]).toEqual(['new', 1, 0]);
    expect(map.highest({ agent: 'bot' })).toBeNull();
    map.applySnapshot(said('old', 9, 9) as never);
    expect([map.tenant, map.open]).toEqual(['new', 0]);
  });
});
