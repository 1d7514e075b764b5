import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../core/access-event.ts';
import type { BreakerConfig, Effect } from '../core/entry.ts';
import { DAY_MS, type EpochMs, MINUTE_MS } from '../core/time.ts';
import { stateOf } from './breaker/board.ts';
import { Shard } from './shard.ts';
import { restore, snapshot } from './snapshot.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

/** Material by its own cap; asked by the attribute `statistics`. */
const STATISTICS = {
  ...OBEDIENT,
  ...({ id: 'statistics', family: 'statistical' } as const),
  observe: (...[event, state, context]: Parameters<typeof OBEDIENT.observe>) => {
    const trip = event.attrs['statistics'];
    const asked = { ...event, attrs: { ...event.attrs, trip } } as never;
    return trip === undefined ? [] : OBEDIENT.observe(asked, state, context);
  },
};
const REGISTRY = { detectors: [OBEDIENT, STATISTICS] };
const BY = { actor: 'kim', reason: 'looked' };

function start(initialPosture: 'enforce' | 'shadow' = 'enforce') {
  let shard = new Shard({ registry: REGISTRY, initialPosture });
  const write = new EntryWriter();
  let now: EpochMs = START;
  let count = 0;
  const see = (id: string, attrs: AccessEvent['attrs'], more: Partial<AccessEvent> = {}) => {
    count += 1;
    const event = { id: `e${count}`, time: now, agent: { id }, attrs, ...more };
    return shard.apply([write.input(event, now)]);
  };
  shard.apply([write.term(1), write.grant('acme', [{ tenant: 'acme', agent: '*' }])]);
  return {
    see,
    /** Each agent is seen once, calm. */
    calm: (...agents: string[]) => agents.flatMap((id) => see(id, {})),
    spike: (agent: string, more: AccessEvent['attrs'] = {}) =>
      see(agent, { statistics: 4, ...more }),
    configure: (breakers: BreakerConfig) =>
      shard.apply([write.config('acme', { detectors: {}, breakers })]),
    pass: (ms: number) => {
      now += ms;
      return shard.apply([write.tick(now)]);
    },
    command: (type: 'storm_end') => shard.apply([write.command('acme', { type, ...BY }, now)]),
    restart: () => {
      const chunks = JSON.parse(JSON.stringify([...snapshot(shard)]));
      shard = new Shard({ registry: REGISTRY, initialPosture });
      restore(shard, chunks);
    },
    level: (id: string) => {
      const state = stateOf(shard.tenant('acme').board, { tenant: 'acme', kind: 'agent', id });
      return state.phase === 'closed' ? 0 : state.level;
    },
    storm: () => shard.tenant('acme').storm,
  };
}

const told = (effects: readonly Effect[]) =>
  effects.flatMap(({ kind, decision }) =>
    kind === 'finding' && 'detector' in decision && decision.detector === 'storm_mode'
      ? [decision.evidence.facts]
      : [],
  );
const caps = (effects: readonly Effect[]) =>
  effects.flatMap(({ decision }) =>
    'decision' in decision && decision.decision.tripped ? [decision.decision.cappedBy] : [],
  );
const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

describe('storm mode', () => {
  /** The budget of three is spent, and a fourth agent asks. */
  function spent() {
    const one = start();
    one.calm(...names('calm', 30));
    for (const agent of names('loud', 3)) one.spike(agent);
    return { ...one, begun: one.spike('fourth') };
  }

  it('begins when statistics ask for more than the budget allows', () => {
    const { begun, level, spike, see } = spent();
    expect(told(begun)).toEqual([{ state: 'begun', cause: 'budget_spent' }]);
    expect(caps(begun)).toEqual(['over_budget']);
    expect(['loud-0', 'loud-1', 'loud-2', 'fourth'].map(level)).toEqual([4, 4, 4, 2]);
    // Nor does a graver score displace anything now.
    expect(caps(spike('fifth', { score: 99 }))).toEqual(['storm']);
    expect([level('fifth'), level('loud-0')]).toEqual([2, 4]);
    // What is proven goes on.
    see('thief', { trip: 5 });
    expect(level('thief')).toBe(5);
  });

  it('ends after ten minutes without a sign, and is told once each time', () => {
    const { storm, pass, spike } = spent();
    pass(9 * MINUTE_MS);
    expect(told(spike('fifth'))).toEqual([]);
    expect(told(pass(9 * MINUTE_MS))).toEqual([]);
    expect(told(pass(1 * MINUTE_MS))).toEqual([{ state: 'ended', by: 'quiet' }]);
    expect(storm()).toMatchObject({ since: null, cause: null });
    expect(told(pass(10 * MINUTE_MS))).toEqual([]);
  });

  it('ends by the word of a person, who is named, and of nobody in calm', () => {
    const { command } = spent();
    expect(told(command('storm_end'))).toEqual([{ state: 'ended', by: 'kim' }]);
    expect(command('storm_end')).toEqual([]);
  });

  it('begins when most of the active agents look anomalous, even at a gentle level', () => {
    const { calm, spike, see, level, pass } = start();
    calm(...names('calm', 4));
    const gentle = names('loud', 4).flatMap((agent) => see(agent, { statistics: 1 }));
    expect(told(gentle)).toEqual([]);
    // Five of nine are 55 %.
    const begun = see('loud-4', { statistics: 1 });
    expect(told(begun)).toEqual([{ state: 'begun', cause: 'most_agents_anomalous' }]);
    spike('calm-0');
    expect(level('calm-0')).toBe(2);
    // Those that were conspicuous minutes ago no longer are.
    expect(told(pass(20 * MINUTE_MS))).toEqual([{ state: 'ended', by: 'quiet' }]);
  });

  it('does not count agents that have been silent for a day among the active', () => {
    const { calm, see, pass } = start();
    calm(...names('retired', 50));
    pass(DAY_MS + MINUTE_MS);
    const begun = names('loud', 5).flatMap((agent) => see(agent, { statistics: 1 }));
    expect(told(begun)).toMatchObject([{ cause: 'most_agents_anomalous' }]);
  });

  it('cannot be brought about by agents alone, nor in shadow', () => {
    const source = { format: 'native', deliveredBy: 'bot', trust: 'agent' } as const;
    const { see } = start();
    const claimed = names('loud', 9).flatMap((agent) => see(agent, { statistics: 4 }, { source }));
    expect(told(claimed)).toEqual([]);
    const shadow = start('shadow');
    expect(told(names('loud', 9).flatMap((agent) => shadow.spike(agent)))).toEqual([]);
  });

  it('goes on after a restart as it was', () => {
    const { restart, spike, pass, level, storm } = spent();
    const before = { ...storm() };
    restart();
    expect(storm()).toEqual(before);
    spike('fifth');
    expect(level('fifth')).toBe(2);
    expect(told(pass(11 * MINUTE_MS))).toEqual([{ state: 'ended', by: 'quiet' }]);
  });
});

describe('a protected agent', () => {
  const level2 = { kind: 'transition', decision: { to: 'open', level: 2 } } as const;

  it.each([{ trip: 5 }, { statistics: 4 }])(
    'is asked about, and somebody is called: %o',
    (attrs) => {
      const { configure, see, level } = start();
      configure({ protectedAgents: ['pay-*'] });
      const effects = see('pay-1', attrs);
      expect(effects[0]?.decision).toMatchObject({
        ...{ level: 'critical', decision: { tripped: true, level: 2, cappedBy: 'protected' } },
      });
      expect(effects[1]).toMatchObject(level2);
      expect(level('pay-1')).toBe(2);
      see('other', { trip: 5 });
      expect(level('other')).toBe(5);
    },
  );

  it('has no session of its stopped either', () => {
    const { configure, see } = start();
    configure({ protectedAgents: ['pay-*'] });
    const session = { id: 's-1' };
    expect(see('pay-1', { trip: 4, key: 'session' }, { session })[1]).toMatchObject(level2);
  });
});
