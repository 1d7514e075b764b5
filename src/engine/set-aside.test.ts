import { describe, expect, it } from 'vitest';
import type { Effect } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/time.ts';
import type { AnyDetector } from './detect/detector.ts';
import { Shard } from './shard.ts';
import { restore, snapshot } from './snapshot.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

const PDP = { format: 'opa', deliveredBy: 'opa', trust: 'pdp' } as const;

function fails(): never {
  throw new RangeError('secret');
}

function enforced(...detectors: readonly AnyDetector[]) {
  const shard = new Shard({ registry: { detectors }, initialPosture: 'enforce' });
  const write = new EntryWriter();
  shard.apply([write.term(3), write.grant('acme', [{ tenant: 'acme', agent: 'bot' }])]);
  return { shard, write, bot: () => shard.tenant('acme').agents.get('bot') };
}

const told = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'finding' ? [effect.decision] : []));

describe('a detector that throws over an action without a decision', () => {
  const broken: AnyDetector = { ...OBEDIENT, id: 'broken', scope: 'tenant', undecided: fails };
  const sound: AnyDetector = {
    ...OBEDIENT,
    scope: 'tenant',
    undecided: () => [
      {
        ...{ level: 'high', score: 60, actual: null, typical: null, probability: null },
        ...{ title: 'undecided', explanation: 'It was not decided.', trip: null },
        ...{ held: 'below_threshold', dedupKey: '', dedupMs: SECOND_MS },
      },
    ],
  };

  it('is told, costs the others nothing, and is asked no more after too many', () => {
    const { shard, write, bot } = enforced(broken, sound);
    const settled = (index: number) => {
      const time = START + index * HOUR_MS;
      const asked = { kind: 'authz_decision', source: PDP } as const;
      return told(
        shard.apply([
          write.input({ id: `before-${index}`, time, ...asked }, time),
          write.input({ id: `ran-${index}`, time, trace: { traceId: `t-${index}` } }, time),
          write.input(
            { id: `next-${index}`, time: time + MINUTE_MS, ...asked },
            time + LIMITS.decisionGraceMs + MINUTE_MS,
          ),
        ]),
      );
    };
    expect(settled(0)).toMatchObject([
      { detector: 'detector_failed', eventId: 'ran-0', chain: 't-0', agent: 'bot' },
      { detector: 'obedient', eventId: 'ran-0' },
    ]);
    expect(shard.tenant('acme').unjudged).toMatchObject({ detector: 1, entry: 0 });
    expect(bot()?.memory.coverageOf('broken')).toMatchObject({ field: 'detector' });
    for (let index = 1; index < LIMITS.detectorFailures; index += 1) settled(index);
    expect(settled(50).map(({ detector }) => detector)).toEqual(['obedient']);
    expect(shard.tenant('acme').unjudged.detector).toBe(LIMITS.detectorFailures);
  });
});

describe('a detector that throws over a quiet agent', () => {
  const broken: AnyDetector = { ...OBEDIENT, id: 'broken', quiet: fails };

  it('keeps no tick from closing a breaker', () => {
    const { shard, write } = enforced(broken, OBEDIENT);
    shard.apply([write.input({ id: 'a', attrs: { trip: 2 } })]);
    const closing = shard.nextTimerAt() ?? 0;
    // The tick that looks at quiet agents is the one that is late enough to close.
    const looking = Math.ceil(closing / (10 * MINUTE_MS)) * 10 * MINUTE_MS;
    const effects = shard.apply([write.tick(looking)]);
    expect(told(effects)).toMatchObject([{ detector: 'detector_failed', agent: 'bot' }]);
    expect(effects.map(({ kind }) => kind)).toEqual(['finding', 'transition']);
    expect(JSON.stringify(effects)).not.toContain('secret');
  });
});

describe('a detector that the log says is slow', () => {
  const slow = (version: number) =>
    ({ type: 'detector_set_aside', detector: 'obedient', version, reason: 'slow' }) as const;
  const trip = { attrs: { trip: 1 } };

  it('is asked no more by that tenant, also after a restart, until it changes', () => {
    const { shard, write, bot } = enforced(OBEDIENT);
    const seen = (on: Shard, id: string, tenant = 'acme') =>
      told(on.apply([write.input({ id, tenant: { id: tenant }, ...trip })])).length;
    expect(seen(shard, 'a')).toBe(1);
    shard.apply([write.setAside('acme', slow(1))]);
    expect(seen(shard, 'b')).toBe(0);
    expect(bot()?.memory.coverageOf('obedient')?.cure).toContain('too long');
    expect(seen(shard, 'c', 'globex')).toBe(1);
    const twin = new Shard(shard);
    restore(twin, JSON.parse(JSON.stringify([...snapshot(shard)])));
    expect(seen(twin, 'd')).toBe(0);
    const upgraded = new Shard({
      registry: { detectors: [{ ...OBEDIENT, version: 2 }] },
      initialPosture: 'enforce',
    });
    restore(upgraded, JSON.parse(JSON.stringify([...snapshot(shard)])));
    expect(seen(upgraded, 'e')).toBe(1);
    shard.apply([write.config('acme', { detectors: {} })]);
    expect(seen(shard, 'f')).toBe(1);
  });
});
