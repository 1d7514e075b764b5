import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../core/access-event.ts';
import type { BreakerKey } from '../core/breaker.ts';
import type { Effect, FoldedEntry } from '../core/entry.ts';
import { HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { nextMoveAt, stateOf } from './breaker/board.ts';
import { snapshotPractice } from './practice/practice.ts';
import { Shard } from './shard.ts';
import { restore, type SnapshotChunk, snapshot } from './snapshot.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

const BOT: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'bot' };
const GRANT = { tenant: 'acme', agent: '*' };

function enforced(): { shard: Shard; write: EntryWriter } {
  const shard = new Shard({ registry: { detectors: [OBEDIENT] }, initialPosture: 'enforce' });
  const write = new EntryWriter();
  shard.apply([write.term(3), write.grant('acme', [GRANT]), write.grant('globex', [GRANT])]);
  return { shard, write };
}

function asking(id: string, level: number, more: Partial<AccessEvent> = {}) {
  return { id, ...more, attrs: { trip: level, ...more.attrs } };
}

function kinds(effects: readonly Effect[]): readonly string[] {
  return effects.map((effect) => effect.kind);
}

describe('a trip', () => {
  it('is a finding, a transition and a revocation, in this order and with one term', () => {
    const { shard, write } = enforced();
    const effects = shard.apply([write.input(asking('a', 4))]);
    expect(kinds(effects)).toEqual(['finding', 'transition', 'revocation']);
    expect(effects[1]?.decision).toMatchObject({ key: BOT, from: 'closed', to: 'open', epoch: 1 });
    expect(effects[2]?.decision).toMatchObject({ key: BOT, term: 3, epoch: 1, jti: 'tc-3-4-2' });
    expect(effects.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2]);
  });

  it('below level 4 revokes nothing', () => {
    const { shard, write } = enforced();
    expect(kinds(shard.apply([write.input(asking('a', 2))]))).toEqual(['finding', 'transition']);
  });

  it('rises with stronger evidence and never falls', () => {
    const { shard, write } = enforced();
    shard.apply([write.input(asking('a', 4))]);
    const weaker = shard.apply([write.input(asking('b', 2))]);
    expect(weaker[0]?.decision).toMatchObject({
      decision: { tripped: false, why: 'already_open' },
    });
    const stronger = shard.apply([write.input(asking('c', 5))]);
    expect(stronger[1]?.decision).toMatchObject({ from: 'open', level: 5, epoch: 2 });
  });

  it('of a session falls on the agent where there is none', () => {
    const { shard, write } = enforced();
    const attrs = { trip: 4, key: 'session' };
    const without = shard.apply([write.input({ id: 'a', attrs })]);
    expect(without[1]?.decision).toMatchObject({ key: BOT });
    const session = { id: 's-1' };
    const within = shard.apply([write.input({ id: 'b', agent: { id: 'other' }, session, attrs })]);
    expect(within[1]?.decision).toMatchObject({
      key: { kind: 'session', id: 's-1', agent: 'other' },
    });
  });
});

describe('what holds a trip back', () => {
  it.each([
    [
      'agent_trust',
      'evidence of the agent alone',
      { source: { format: 'x', deliveredBy: 'x', trust: 'agent' } },
    ],
    ['unregistered', 'an agent nobody registered', { tenant: { id: 'initech' } }],
  ] as const)('says %s and caps %s at step-up', (cappedBy, _why, event) => {
    const { shard, write } = enforced();
    const [finding, transition] = shard.apply([write.input(asking('a', 5, event))]);
    expect(transition?.decision).toMatchObject({ level: 2 });
    expect(finding?.decision).toMatchObject({ decision: { tripped: true, cappedBy } });
  });

  it('shadow: says what would have happened', () => {
    const { shard, write } = enforced();
    const command = { type: 'shadow', actor: 'kim', reason: 'trial' } as const;
    shard.apply([write.command('acme', command)]);
    const effects = shard.apply([write.input(asking('a', 5))]);
    expect(kinds(effects)).toEqual(['finding']);
    expect(effects[0]?.decision).toMatchObject({
      decision: { tripped: false, why: 'shadow', would: { key: BOT, level: 5 } },
    });
    expect(shard.tenant('acme').wouldHaveTripped).toBe(1);
  });

  it('history: learns and says nothing', () => {
    const { shard, write } = enforced();
    expect(shard.apply([write.input(asking('a', 5, { history: true }))])).toEqual([]);
    expect(shard.tenant('acme').agents.get('bot')?.calls).toBe(1);
  });

  it('the blast radius: past the budget automation only steps up', () => {
    const { shard, write } = enforced();
    const trips = Array.from({ length: 40 }, (_, index) =>
      write.input(asking(`e${index}`, 4, { agent: { id: `bot-${index}` } })),
    );
    const levels = shard
      .apply(trips)
      .flatMap((e) => (e.kind === 'transition' ? e.decision.level : []));
    expect(levels.filter((level) => level === 4)).toHaveLength(25);
    expect(levels.filter((level) => level === 2)).toHaveLength(15);
  });

  it('an unknown tenant never trips, whatever is ordered', () => {
    const { shard, write } = enforced();
    shard.apply([write.command('_unknown', { type: 'enforce', actor: 'kim', reason: 'x' })]);
    const effects = shard.apply([write.input(asking('a', 5, { tenant: { id: '_unknown' } }))]);
    expect(kinds(effects)).toEqual(['finding']);
  });
});

describe('closing', () => {
  it('waits for a person after deterministic evidence', () => {
    const { shard, write } = enforced();
    shard.apply([write.input(asking('a', 4))]);
    expect(shard.nextTimerAt()).toBeNull();
    expect(shard.apply([write.tick(START + 100 * HOUR_MS)])).toEqual([]);
    const reset = { type: 'reset', actor: 'kim', reason: 'checked', key: BOT, epoch: 1 } as const;
    const [closed] = shard.apply([write.command('acme', reset)]);
    expect(closed?.decision).toMatchObject({ to: 'closed', epoch: 2, actor: 'kim' });
  });

  it('follows the log clock after statistical evidence, never the event clock', () => {
    const statistical = { ...OBEDIENT, family: 'statistical' } as const;
    const shard = new Shard({ registry: { detectors: [statistical] }, initialPosture: 'enforce' });
    const write = new EntryWriter();
    shard.apply([write.grant('acme', [GRANT]), write.input(asking('a', 1))]);
    expect(shard.nextTimerAt()).toBe(START + 5 * MINUTE_MS);
    shard.apply([write.input({ id: 'future', time: START + 10 * MINUTE_MS })]);
    expect(stateOf(shard.tenant('acme').board, BOT).phase).toBe('open');
    const [over] = shard.apply([write.tick(START + 5 * MINUTE_MS)]);
    expect(over?.decision).toMatchObject({ to: 'probation', level: 0, class: 'timer', epoch: 2 });
    expect(shard.nextTimerAt()).toBe(START + 5 * MINUTE_MS + HOUR_MS);
    const [closed] = shard.apply([write.tick(START + 5 * MINUTE_MS + HOUR_MS)]);
    expect(closed?.decision).toMatchObject({ to: 'closed', class: 'timer', epoch: 3 });
    expect(nextMoveAt(shard.tenant('acme').board)).toBeNull();
  });

  it('lets the same evidence trip again', () => {
    const { shard, write } = enforced();
    shard.apply([write.input(asking('a', 4))]);
    const reset = { type: 'reset', actor: 'kim', reason: 'checked', key: BOT, epoch: 1 } as const;
    shard.apply([write.command('acme', reset)]);
    const again = shard.apply([write.input(asking('b', 4))]);
    expect(again[1]?.decision).toMatchObject({ to: 'open', epoch: 3 });
  });

  it('finds the agent of a session by itself: the order need not name it', () => {
    const { shard, write } = enforced();
    const breach = { session: { id: 's-1' }, attrs: { key: 'session' } };
    shard.apply([write.input(asking('a', 4, breach))]);
    const key = { tenant: 'acme', kind: 'session', id: 's-1' } as const;
    const reset = { type: 'reset', actor: 'kim', reason: 'checked', key, epoch: 1 } as const;
    const [closed] = shard.apply([write.command('acme', reset)]);
    expect(closed?.decision).toMatchObject({ key: { ...key, agent: 'bot' } });
    const again = shard.apply([write.input(asking('b', 4, breach))]);
    expect(again[1]?.decision).toMatchObject({ to: 'open', epoch: 3 });
  });
});

describe('the record', () => {
  it('ignores a resent event and reports an id with other content', () => {
    const { shard, write } = enforced();
    const first = write.input({ id: 'a' });
    shard.apply([first, { ...first, seq: first.seq + 1 }]);
    expect(shard.tenant('acme').agents.get('bot')?.calls).toBe(1);
    const [conflict] = shard.apply([write.input({ id: 'a', latencyMs: 7 })]);
    expect(conflict?.decision).toMatchObject({ detector: 'id_conflict', level: 'medium' });
  });

  it('counts one tool call once, whoever reports it', () => {
    const { shard, write } = enforced();
    const action = { name: 'read_thing', op: 'read', toolCallId: 'call-1' } as const;
    const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736' };
    shard.apply([
      write.input({ id: 'span', action, trace }),
      write.input({ id: 'audit', action, trace }),
    ]);
    expect(shard.tenant('acme').agents.get('bot')?.calls).toBe(1);
  });

  it('keeps tenants apart: globex changes nothing for acme', () => {
    const lone = enforced();
    const beside = enforced();
    const alone = lone.shard.apply([lone.write.input(asking('a', 4))]);
    const noise = Array.from({ length: 50 }, (_, index) => {
      const more = { tenant: { id: 'globex' }, agent: { id: `g-${index}` } };
      return beside.write.input(asking(`g${index}`, 5, more));
    });
    beside.shard.apply(noise);
    const together = beside.shard.apply([beside.write.input(asking('a', 4))]);
    const strip = ({ decision }: Effect) =>
      JSON.parse(JSON.stringify(decision).replaceAll(/\d+-\d+(-\d+)?/g, '#')) as unknown;
    expect(together.map(strip)).toEqual(alone.map(strip));
  });

  it('shows a blind detector with the field that would cure it', () => {
    const { shard, write } = enforced();
    shard.apply([write.input({ id: 'a', attrs: { blind: true } })]);
    const coverage = shard.tenant('acme').agents.get('bot')?.memory.coverage['obedient'];
    expect(coverage).toEqual({ field: 'attrs.blind', cure: 'leave it out' });
  });
});

describe('a snapshot', () => {
  it('restores to a shard that decides the same and snapshots the same', () => {
    const { shard, write } = enforced();
    shard.apply([write.input(asking('a', 4)), write.input({ id: 'b', agent: { id: 'other' } })]);
    const text = [...snapshot(shard)].map((chunk) => JSON.stringify(chunk));
    const twin = new Shard(shard);
    restore(
      twin,
      text.map((line) => JSON.parse(line) as SnapshotChunk),
    );
    expect([...snapshot(twin)].map((chunk) => JSON.stringify(chunk))).toEqual(text);
    const next = [write.input(asking('c', 5)), write.input({ id: 'a', latencyMs: 1 })];
    expect(twin.apply(next)).toEqual(shard.apply(next));
  });

  it('holds what agents and their peers are known to do', () => {
    const { shard, write } = enforced();
    shard.apply([write.grant('acme', [{ ...GRANT, role: 'billing' }])]);
    const session = { id: 's-1' };
    shard.apply([write.input({ id: 'a', session, intent: { text: 'Send it.' } })]);
    const twin = new Shard(shard);
    restore(twin, snapshot(shard));
    const practiceOf = (of: Shard) => {
      const { peerGroups, agents } = of.tenant('acme');
      const own = agents.get('bot')?.practice;
      const group = peerGroups.get('billing');
      return [group, own].map((practice) => practice && snapshotPractice(practice));
    };
    const known = practiceOf(shard);
    expect(known.map((practice) => practice?.sessions)).toEqual([1, 1]);
    expect(practiceOf(twin)).toEqual(known);
    shard.apply([write.input({ id: 'b', session, action: { name: 'other', op: 'read' } })]);
    expect(practiceOf(shard)).not.toEqual(known);
    expect(practiceOf(twin)).toEqual(known);
  });
});

describe('a tenant never seen before', () => {
  it('starts with the facts that hold for any tenant', () => {
    const { shard, write } = enforced();
    const facts = { match: 'crm:*', tenant: 'globex' };
    const grants = { agents: [], principals: [], resources: [facts], actions: [] };
    shard.apply([{ ...write.grant('_system', []), body: grants } as FoldedEntry]);
    shard.apply([write.input({ id: 'a', tenant: { id: 'initech' } })]);
    expect(shard.tenant('initech').grants.resources).toEqual([facts]);
    expect(shard.tenant('acme').grants.resources).toEqual([]);
  });
});

describe('what no sender may do', () => {
  it('stop the engine with a text that is not Unicode', () => {
    const { shard, write } = enforced();
    const broken = { agent: { id: 'bot\ud800x' }, session: { id: '\udfff' } };
    const effects = shard.apply([write.input(asking('a', 4, broken))]);
    expect(kinds(effects)).toEqual(['finding', 'transition', 'revocation']);
    expect(shard.apply([write.input(asking('b', 4))])).toHaveLength(3);
  });

  it("freeze another's baseline, or drive its risk up, on an agent's own word", () => {
    const { shard, write } = enforced();
    const source = { format: 'x', deliveredBy: 'x', trust: 'agent' } as const;
    shard.apply([write.input(asking('a', 5, { source }))]);
    const bot = shard.tenant('acme').agents.get('bot');
    expect(bot?.quarantinedUntil).toBe(0);
    expect(bot?.risk[0]?.value).toBe(49);
  });

  it('keep a step-up for ever: it cools down, whatever the evidence', () => {
    const { shard, write } = enforced();
    shard.apply([write.input(asking('a', 2))]);
    expect(shard.nextTimerAt()).toBe(START + 15 * MINUTE_MS);
  });
});
