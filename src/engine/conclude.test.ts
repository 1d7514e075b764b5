import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../core/access-event.ts';
import type { Effect } from '../core/entry.ts';
import type { Finding } from '../core/finding.ts';
import { MINUTE_MS } from '../core/time.ts';
import type { AnyDetector, DetectorVerdict } from './detect/detector.ts';
import { readRisk, riskScore } from './risk.ts';
import { Shard } from './shard.ts';
import { restore, snapshot } from './snapshot.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

/** As `OBEDIENT`, but asked by an attribute of its own name, with the members given. */
function asked(
  id: string,
  family: AnyDetector['family'],
  more: Partial<DetectorVerdict> = {},
): AnyDetector {
  return {
    ...OBEDIENT,
    ...{ id, family },
    observe(event, state, context) {
      const trip = event.attrs[id];
      if (trip === undefined) return [];
      const given = { ...event, attrs: { ...event.attrs, trip } };
      const { agreement: _none, ...verdict } = OBEDIENT.observe(given, state, context)[0]!;
      return [{ ...verdict, dedupKey: id, dedupMs: 60 * MINUTE_MS, ...more }];
    },
  };
}

const NOVEL = asked('novel', 'novelty');
const VOLUME = asked('volume', 'statistical');
const PROOF = asked('proof', 'deterministic');

function enforced(...detectors: readonly AnyDetector[]) {
  const shard = new Shard({ registry: { detectors }, initialPosture: 'enforce' });
  const write = new EntryWriter();
  shard.apply([write.term(3), write.grant('acme', [{ tenant: 'acme', agent: '*' }])]);
  let count = 0;
  const see = (attrs: AccessEvent['attrs'], minute = 0, more: Partial<AccessEvent> = {}) => {
    count += 1;
    const time = START + minute * MINUTE_MS;
    const session = { id: 's-1' };
    return shard.apply([write.input({ id: `e${count}`, time, session, attrs, ...more }, time)]);
  };
  const bot = () => shard.tenant('acme').agents.get('bot')!;
  return { shard, write, see, bot };
}

function findings(effects: readonly Effect[]): readonly Finding[] {
  return effects.flatMap((effect) => (effect.kind === 'finding' ? [effect.decision] : []));
}

const levels = (effects: readonly Effect[]) =>
  effects.flatMap(({ kind, decision }) =>
    kind === 'transition' && 'level' in decision ? [decision.level] : [],
  );

describe('statistics', () => {
  const material = { probability: 1e-9, actual: 60, typical: 10 };

  it.each([
    ['no check by peers, anchor or cap', material],
    ['a likelihood that is not small', { ...material, probability: 1e-3, agreement: 'anchor' }],
    ['a ratio that is not material', { ...material, actual: 15, agreement: 'peer' }],
    ['no likelihood', { ...material, probability: null, agreement: 'anchor' }],
  ] as const)('with %s never do more than ask a person', (_what, more) => {
    const { see } = enforced(asked('volume', 'statistical', more));
    const effects = see({ volume: 4 });
    expect(levels(effects)).toEqual([2]);
    expect(findings(effects)[0]?.decision).toMatchObject({ cappedBy: 'statistics_alone' });
  });

  it.each([
    { ...material, agreement: 'anchor' },
    { ...material, agreement: 'peer' },
    { ...material, probability: null, agreement: 'cap' },
  ] as const)('revoke where all agree: %o', (more) => {
    const { see } = enforced(asked('volume', 'statistical', more));
    expect(levels(see({ volume: 4 }))).toEqual([4]);
  });

  it('throttle first, and ask a person once it has gone on for half an hour', () => {
    const { see } = enforced(VOLUME);
    const seen = [0, 8, 16, 24, 29].flatMap((minute) => levels(see({ volume: 1 }, minute)));
    expect(seen).toEqual([1]);
    const effects = see({ volume: 1 }, 30);
    expect(levels(effects)).toEqual([2]);
    expect(findings(effects)[0]?.evidence.measures).toMatchObject({ persisted_minutes: 30 });
  });

  it('do not escalate what paused, what a detector keeps down, and what is no statistic', () => {
    const paused = enforced(VOLUME);
    const seen = [0, 11, 20, 25, 31, 38].flatMap((minute) =>
      levels(paused.see({ volume: 1 }, minute)),
    );
    expect(Math.max(...seen)).toBe(1);
    const kept = enforced(asked('volume', 'statistical', { escalateAfterMs: null }));
    expect([0, 8, 16, 24, 32].flatMap((minute) => levels(kept.see({ volume: 1 }, minute)))).toEqual(
      [1],
    );
    const proof = enforced(PROOF);
    expect([0, 8, 16, 24, 32].flatMap((minute) => levels(proof.see({ proof: 1 }, minute)))).toEqual(
      [1],
    );
  });

  it('escalate after a restart as they would have without', () => {
    const { see, shard, write } = enforced(VOLUME);
    for (const minute of [0, 8, 16, 24]) see({ volume: 1 }, minute);
    const twin = new Shard(shard);
    restore(twin, JSON.parse(JSON.stringify([...snapshot(shard)])));
    const time = START + 31 * MINUTE_MS;
    const input = write.input({ id: 'z', time, attrs: { volume: 1 } }, time);
    expect(levels(twin.apply([input]))).toEqual([2]);
  });
});

describe('novelty', () => {
  it('alone is a step-up, however often and by however many', () => {
    const { see } = enforced(NOVEL, asked('newer', 'novelty'));
    expect(levels(see({ novel: 5, newer: 4 }))).toEqual([2]);
  });

  it.each([
    ['first', [{ novel: 2 }, { volume: 1 }]],
    ['last', [{ volume: 1 }, { novel: 2 }]],
  ] as const)('that comes %s is suspended once statistics agree', (_when, [one, two]) => {
    const { see } = enforced(NOVEL, VOLUME);
    see(one, 0);
    const effects = see(two, 10);
    const told = findings(effects).at(-1);
    expect(told).toMatchObject({
      detector: 'families_agree',
      decision: { tripped: true, level: 4, key: { kind: 'agent', id: 'bot' } },
      evidence: { facts: { novelty: 'novel', other: 'volume', other_family: 'statistical' } },
    });
    expect(levels(effects).at(-1)).toBe(4);
    expect(effects.at(-1)?.kind).toBe('revocation');
  });

  it('within one event is enough', () => {
    const { see } = enforced(NOVEL, PROOF);
    expect(levels(see({ novel: 2, proof: 2 })).at(-1)).toBe(4);
  });

  it('too long ago, or of another session, agrees with nothing', () => {
    const late = enforced(NOVEL, VOLUME);
    late.see({ novel: 2 }, 0);
    expect(levels(late.see({ volume: 1 }, 16))).not.toContain(4);
    const apart = enforced(NOVEL, PROOF);
    apart.see({ novel: 2, key: 'session' });
    const other = apart.see({ proof: 2, key: 'session' }, 1, { session: { id: 's-2' } });
    expect(levels(other)).toEqual([2]);
    expect(levels(apart.see({ proof: 2, key: 'session' }, 2))).not.toContain(4);
  });

  it('does not agree with evidence that may not act: shadow, alert, or the agent alone', () => {
    for (const defaultMode of ['shadow', 'alert'] as const) {
      const { see } = enforced(NOVEL, { ...VOLUME, defaultMode });
      see({ volume: 1 });
      expect(levels(see({ novel: 2 }, 1))).toEqual([2]);
    }
    const { see } = enforced(NOVEL, VOLUME);
    const source = { format: 'x', deliveredBy: 'x', trust: 'agent' } as const;
    see({ volume: 1 }, 0, { source });
    expect(levels(see({ novel: 2 }, 1))).not.toContain(4);
  });

  it('in a tenant in shadow says what it would have done, once', () => {
    const { shard, write, see } = enforced(NOVEL, VOLUME);
    const order = { actor: 'kim', reason: 'first day' };
    shard.apply([write.command('acme', { type: 'shadow', ...order })]);
    see({ novel: 2 });
    const [, told] = findings(see({ volume: 1 }, 1));
    expect(told?.decision).toMatchObject({ tripped: false, why: 'shadow', would: { level: 4 } });
    expect(findings(see({ volume: 1 }, 2))).toEqual([]);
  });
});

describe('the risk score', () => {
  it('takes nothing from shadow, and names what it is made of', () => {
    const { see, bot } = enforced({ ...VOLUME, defaultMode: 'shadow' }, PROOF);
    see({ volume: 1 });
    expect(bot().risk).toEqual([]);
    const [told] = findings(see({ proof: 1 }));
    expect(readRisk(bot().risk, START).parts).toMatchObject([{ finding: told?.id, points: 90 }]);
  });

  it('rises by an attempt that was denied and trips nothing', () => {
    const tried = asked('tried', 'deterministic', {
      trip: null,
      held: 'below_threshold',
      score: 30,
    });
    const { see, bot } = enforced(tried);
    expect(levels(see({ tried: 1 }))).toEqual([]);
    expect(riskScore(bot().risk, START)).toBe(30);
  });

  it.each([
    ['false', 0],
    ['benign', 0],
    ['true', 90],
  ] as const)('after a person called its finding %s is %s', (verdict, risk) => {
    const { see, bot, shard, write } = enforced(PROOF);
    const [told] = findings(see({ proof: 1 }));
    const said = { actor: 'kim', reason: 'looked', finding: told!.id, detector: 'proof' };
    shard.apply([write.command('acme', { type: 'feedback', ...said, verdict })]);
    expect(riskScore(bot().risk, START)).toBe(risk);
    shard.apply([write.command('acme', { type: 'feedback', ...said, verdict: 'true' })]);
    expect(riskScore(bot().risk, START)).toBe(90);
  });
});
