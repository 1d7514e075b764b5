import { describe, expect, it } from 'vitest';
import type { AccessEvent, Trust } from '../core/access-event.ts';
import type { Effect } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { viewOf } from './baseline/baseline.ts';
import type { AnyDetector } from './detect/detector.ts';
import { Shard } from './shard.ts';
import { restore, snapshot } from './snapshot.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

const GRANT = { tenant: 'acme', agent: 'bot' };

const STATISTICAL: AnyDetector = { ...OBEDIENT, family: 'statistical' };
const STATISTICAL_BESIDE: AnyDetector = { ...STATISTICAL, id: 'beside' };

function enforced(...given: readonly AnyDetector[]) {
  const detectors = given.length > 0 ? given : [OBEDIENT];
  const shard = new Shard({ registry: { detectors }, initialPosture: 'enforce' });
  const write = new EntryWriter();
  shard.apply([write.term(3), write.grant('acme', [GRANT])]);
  const bot = () => shard.tenant('acme').agents.get('bot')!;
  const inWindow = (measure: 'calls' | 'records', time = START) =>
    viewOf(bot().baseline, time).compare(measure, 10 * MINUTE_MS).actual;
  return { shard, write, bot, inWindow };
}

function restored(shard: Shard): Shard {
  const twin = new Shard(shard);
  restore(twin, JSON.parse(JSON.stringify([...snapshot(shard)])));
  return twin;
}

function findings(effects: readonly Effect[]): readonly string[] {
  return effects.flatMap((effect) => (effect.kind === 'finding' ? effect.decision.detector : []));
}

const source = (trust: Trust) => ({ format: 'x', deliveredBy: trust, trust }) as const;
const action = { name: 'read_thing', op: 'read', toolCallId: 'call-1' } as const;

describe('a second report of one action', () => {
  it('adds what the first left out, and counts no call', () => {
    const { shard, write, bot, inWindow } = enforced();
    const report = (id: string, records?: number) =>
      write.input({ id, action, volume: records === undefined ? {} : { records } });
    shard.apply([report('span', 1), report('audit', 500), report('again', 40), report('bare')]);
    expect([bot().calls, inWindow('calls'), inWindow('records')]).toEqual([1, 1, 500]);
  });

  it('adds nothing twice after a restart', () => {
    const { shard, write } = enforced();
    shard.apply([write.input({ id: 'span', action, volume: { records: 300 } })]);
    const twin = restored(shard);
    twin.apply([write.input({ id: 'audit', action, volume: { records: 310 } })]);
    const { baseline, calls } = twin.tenant('acme').agents.get('bot')!;
    expect(calls).toBe(1);
    expect(viewOf(baseline, START).compare('records', MINUTE_MS).actual).toBe(310);
  });

  it('of more trust trips where the agent’s own word only stepped up', () => {
    const dedup = { detectors: { obedient: { options: { dedupMs: HOUR_MS } } } };
    const { shard, write } = enforced();
    shard.tenant('acme').config = dedup;
    const report = (id: string, trust: Trust) =>
      write.input({ id, action, source: source(trust), attrs: { trip: 4 } });
    const [own] = shard.apply([report('own', 'agent')]);
    expect(own?.decision).toMatchObject({ decision: { tripped: true, cappedBy: 'agent_trust' } });
    const [finding, transition] = shard.apply([report('audit', 'broker')]);
    expect(finding?.decision).toMatchObject({ decision: { tripped: true, level: 4 } });
    expect(transition?.decision).toMatchObject({ level: 4 });
    // The same again is no news, whoever says it.
    expect(shard.apply([report('third', 'resource'), report('own too', 'agent')])).toEqual([]);
  });
});

describe('an event id', () => {
  it('is one within its source, of which a credential may deliver several', () => {
    const { shard, write, bot } = enforced();
    const named = (name: string, latencyMs: number) =>
      write.input({ id: '77', latencyMs, source: { ...source('broker'), name } });
    expect(shard.apply([named('alpha', 1), named('beta', 2)])).toEqual([]);
    expect(bot().calls).toBe(2);
    expect(restored(shard).apply([named('beta', 2), named('alpha', 1)])).toEqual([]);
    expect(findings(shard.apply([named('alpha', 3)]))).toEqual(['id_conflict']);
  });

  it('is a duplicate after a restart, with either of two contents', () => {
    const { shard, write } = enforced();
    const one = write.input({ id: 'a' });
    const other = write.input({ id: 'a', latencyMs: 7 });
    expect(findings(shard.apply([one, other]))).toEqual(['id_conflict']);
    for (const each of [shard, restored(shard)]) {
      expect(each.apply([one, other, one, other])).toEqual([]);
      expect(each.tenant('acme').agents.get('bot')?.calls).toBe(2);
    }
  });
});

describe('an event of another time', () => {
  const late = START - LIMITS.latenessMs;
  const ahead = START + LIMITS.futureSkewMs;

  it('within what is allowed is judged', () => {
    const { shard, write, bot } = enforced();
    shard.apply([write.input({ id: 'a', time: late }), write.input({ id: 'b', time: ahead })]);
    expect(bot().calls).toBe(2);
    expect(bot().memory.coverage['obedient']).toBeNull();
  });

  it.each([
    ['late', late - 1],
    ['ahead', ahead + 1],
  ] as const)('that is too %s is recorded, told once an hour, and moves nothing', (kind, time) => {
    const { shard, write, bot } = enforced(STATISTICAL);
    shard.apply([write.input({ id: 'now' })]);
    const before = JSON.stringify([bot().baseline, bot().practice]);
    const breach = { time, attrs: { trip: 5 } } satisfies Partial<AccessEvent>;
    const effects = shard.apply([
      write.input({ id: 'a', ...breach }),
      write.input({ id: 'b', ...breach }),
      write.input({ id: 'c', ...breach, source: source('resource') }),
    ]);
    expect(findings(effects)).toEqual(['clock_skew', 'clock_skew']);
    expect(effects[0]?.decision).toMatchObject({ evidence: { facts: { kind, sender: 'broker' } } });
    expect(effects).toHaveLength(2);
    expect(JSON.stringify([bot().baseline, bot().practice])).toBe(before);
    expect(bot().calls).toBe(1);
    expect(bot().memory.coverage['obedient']).toMatchObject({ field: 'time' });
    expect(shard.tenant('acme').unjudged[kind]).toBe(3);
    const anHourOn = START + HOUR_MS;
    const again = { id: 'd', time: time + HOUR_MS };
    expect(findings(shard.apply([write.input(again, anHourOn)]))).toEqual(['clock_skew']);
  });

  it.each([
    ['late', late - 1],
    ['late', START - 30 * DAY_MS],
    ['ahead', ahead + 1],
  ] as const)('that is too %s is judged by what needs no time', (_, time) => {
    const seen: unknown[] = [];
    const deterministic: AnyDetector = {
      ...OBEDIENT,
      observe(event, state, context) {
        seen.push([context.logTime, context.counted, context.added.calls]);
        return OBEDIENT.observe(event, state as { seen: number }, context);
      },
    };
    const { shard, write, bot } = enforced(deterministic, STATISTICAL_BESIDE);
    shard.apply([write.input({ id: 'now' })]);
    const before = JSON.stringify([bot().baseline, bot().practice]);
    const entry = write.input({ id: 'backdated', time, attrs: { trip: 5 } });
    const twin = restored(shard);
    const effects = shard.apply([entry]);
    expect(findings(effects)).toEqual(['clock_skew', 'obedient']);
    expect(effects.map(({ kind }) => kind)).toContain('revocation');
    expect(seen.at(-1)).toEqual([START, false, 0]);
    expect(JSON.stringify([bot().baseline, bot().practice])).toBe(before);
    expect(bot().calls).toBe(1);
    expect(bot().memory.coverage).toMatchObject({ obedient: null, beside: { field: 'time' } });
    expect(twin.apply([entry])).toEqual(effects);
  });

  it('ahead among history is judged by nobody', () => {
    const { shard, write } = enforced();
    const past = { id: 'a', time: ahead + 1, history: true as const, attrs: { trip: 5 } };
    expect(findings(shard.apply([write.input(past)]))).toEqual(['clock_skew']);
  });

  it('ahead within reason opens no minute before its time', () => {
    const { shard, write, inWindow } = enforced();
    shard.apply([write.input({ id: 'fast', time: ahead })]);
    const honest = Array.from({ length: 5 }, (_, n) =>
      write.input({ id: `e${n}`, time: START + n }, START + n),
    );
    shard.apply(honest);
    expect(inWindow('calls')).toBe(6);
    const minute = shard.tenant('acme').agents.get('bot')?.baseline.minute;
    expect(minute).toBe(Math.floor(START / MINUTE_MS));
  });

  it('never leads the agent’s last sighting into the future', () => {
    const { shard, write, bot } = enforced();
    shard.apply([write.input({ id: 'fast', time: ahead })]);
    expect([bot().firstSeen, bot().lastSeen]).toEqual([START, START]);
  });
});

describe('a baseline under a breaker', () => {
  it.each([
    ['its session', { session: { id: 's-1' }, attrs: { trip: 2, key: 'session' } }],
    ['itself', { attrs: { trip: 2 } }],
  ] as const)('of %s learns next to nothing', (_of, breach) => {
    const { shard, write, bot } = enforced();
    shard.apply([write.input({ id: 'a', ...breach, attrs: { ...breach.attrs, score: 10 } })]);
    const later = START + 2 * MINUTE_MS;
    const within = 'session' in breach ? { session: breach.session } : {};
    shard.apply([write.input({ id: 'b', time: later, ...within }, later)]);
    expect(bot().baseline.weight).toBeLessThan(0.1);
  });

  it('of another session goes on learning', () => {
    const { shard, write, bot } = enforced();
    const breach = { session: { id: 's-1' }, attrs: { trip: 2, key: 'session', score: 10 } };
    const later = START + 2 * MINUTE_MS;
    shard.apply([
      write.input({ id: 'a', ...breach }),
      write.input({ id: 'b', time: later, session: { id: 's-2' } }, later),
      write.input({ id: 'c', time: later }, later),
    ]);
    expect(bot().baseline.weight).toBe(1);
  });
});

describe('a detector that throws', () => {
  const failing = {
    ...OBEDIENT,
    id: 'failing',
    init: () => ({ seen: 0 }),
    observe: (event: AccessEvent, state: { seen: number }) => {
      state.seen += 1;
      if (Object.hasOwn(event.attrs, 'poison')) throw new TypeError('secret value');
      return [];
    },
  };
  const poison = (id: string, agent = 'bot') => ({
    id,
    agent: { id: agent },
    attrs: { poison: true, trip: 2 },
  });

  function withFailing() {
    const registry = { detectors: [failing, OBEDIENT] };
    const shard = new Shard({ registry, initialPosture: 'enforce' });
    const write = new EntryWriter();
    shard.apply([write.grant('acme', [{ tenant: 'acme', agent: '*' }])]);
    return { shard, write, tenant: shard.tenant('acme') };
  }

  it('forgets the agent, shows as blind, and leaves the others to judge', () => {
    const { shard, write, tenant } = withFailing();
    shard.apply([write.input({ id: 'calm' })]);
    const effects = shard.apply([write.input(poison('a'))]);
    expect(findings(effects)).toEqual(['detector_failed', 'obedient']);
    const evidence = { facts: { detector: 'failing', error: 'TypeError' } };
    expect(effects[0]?.decision).toMatchObject({ evidence });
    expect(JSON.stringify(effects)).not.toContain('secret');
    const bot = tenant.agents.get('bot')!;
    expect(bot.memory.states).toEqual({ obedient: { seen: 2 } });
    expect(bot.memory.coverage).toMatchObject({ failing: { field: 'detector' }, obedient: null });
    shard.apply([write.input({ id: 'calm again' })]);
    expect(bot.memory.coverage['failing']).toBeNull();
  });

  it('too often is not asked again in the tenant until its configuration changes', () => {
    const { shard, write, tenant } = withFailing();
    const effects = Array.from({ length: LIMITS.detectorFailures }, (_, n) =>
      shard.apply([write.input(poison(`e${n}`, `bot-${n}`))]),
    ).flat();
    const told = findings(effects).filter((detector) => detector === 'detector_failed');
    expect(told).toHaveLength(2);
    for (const each of [shard, restored(shard)]) {
      each.apply([write.input({ id: 'calm' })]);
      const { coverage, states } = each.tenant('acme').agents.get('bot')!.memory;
      expect(coverage['failing']).toMatchObject({ field: 'detector' });
      expect(Object.keys(states)).toEqual(['obedient']);
    }
    expect(tenant.unjudged.detector).toBe(LIMITS.detectorFailures);
    shard.apply([{ ...write.grant('acme', []), kind: 'config', body: { detectors: {} } }]);
    shard.apply([write.input({ id: 'calm too' })]);
    expect(tenant.agents.get('bot')?.memory.coverage['failing']).toBeNull();
  });

  it('in reading its options costs its own judgement alone', () => {
    const { shard, write, tenant } = withFailing();
    tenant.config = { detectors: { failing: { options: { dedupMs: 'soon' } } } };
    expect(findings(shard.apply([write.input({ id: 'a', attrs: { trip: 2 } })]))).toEqual([
      'detector_failed',
      'obedient',
    ]);
  });
});

describe('an entry that the fold fails on', () => {
  it('is told, and the next one is folded', () => {
    const { shard, write } = enforced();
    const broken = write.input({ id: 'a' });
    const outcome = {
      get status(): never {
        throw new RangeError('secret');
      },
    };
    Object.defineProperty(broken.body, 'volume', { get: () => outcome.status });
    const effects = shard.apply([broken, write.input({ id: 'b' })]);
    expect(findings(effects)).toEqual(['entry_failed']);
    expect(JSON.stringify(effects)).not.toContain('secret');
    expect(shard.tenant('acme').unjudged.entry).toBe(1);
    expect(shard.tenant('acme').agents.get('bot')?.calls).toBe(1);
  });
});

describe('a detector in shadow', () => {
  it('keeps nothing from becoming practice', () => {
    const learned = (detector: AnyDetector) => {
      const { shard, write, bot } = enforced(detector);
      shard.apply([write.input({ id: 'a', attrs: { trip: 2 } })]);
      return bot().practice.facts.snapshot();
    };
    const calm = learned({ ...OBEDIENT, defaultMode: 'off' });
    expect(learned({ ...OBEDIENT, defaultMode: 'shadow' })).toEqual(calm);
    expect(learned(OBEDIENT)).not.toEqual(calm);
  });
});
