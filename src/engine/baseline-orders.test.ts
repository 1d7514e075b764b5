import { describe, expect, it } from 'vitest';
import { number, object } from 'zod';
import type { Command, FoldedEntry } from '../core/entry.ts';
import { hashOf } from '../core/hash.ts';
import type { Joining } from '../core/joining.ts';
import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { viewOf } from './baseline/baseline.ts';
import { defineDetector } from './detect/detector.ts';
import { Shard } from './shard.ts';
import { ShardCut } from './shard-cut.ts';
import { restore, type SnapshotChunk, snapshot } from './snapshot.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

/** Remembers how often it was asked, as a watch of an agent's habits would. */
const WATCHFUL = defineDetector({
  ...{ id: 'watchful', version: 1, status: 'test', title: 'Counts', family: 'statistical' },
  ...{ scope: 'agent', defaultMode: 'alert', tags: [] },
  config: object({ unused: number().default(0) }),
  init: () => ({ asked: 0 }),
  judges: () => null,
  observe: (_event, state) => {
    state.asked += 1;
    return [];
  },
});

const OPTIONS = {
  registry: { detectors: [OBEDIENT, WATCHFUL] },
  initialPosture: 'enforce',
} as const;
const KIM = { actor: 'kim', reason: 'it has a new name' } as const;
const reset = (agent: string): Command => ({ type: 'baseline_reset', ...KIM, agent });
const merge = (agent: string, from: string, joining: Joining = 'in_turn'): Command => ({
  ...{ type: 'baseline_merge', ...KIM, agent, from, joining },
});

class Site {
  readonly shard = new Shard(OPTIONS);
  readonly write = new EntryWriter();
  readonly entries: FoldedEntry[] = [];
  #events = 0;

  fold(entry: FoldedEntry) {
    this.entries.push(entry);
    return this.shard.apply([entry]);
  }

  /** A call a minute. */
  work(agent: string, from: EpochMs, until: EpochMs, attrs = {}): void {
    for (let time = from; time < until; time += MINUTE_MS) {
      this.#events += 1;
      const id = `e${this.#events}`;
      this.fold(this.write.input({ id, time, agent: { id: agent }, attrs }, time));
    }
  }

  order(command: Command, at: EpochMs) {
    return this.fold(this.write.command('acme', command, at));
  }

  agent(id: string) {
    const agent = this.shard.tenants.get('acme')?.agents.get(id);
    if (!agent) throw new Error(`no ${id}`);
    const view = viewOf(agent.baseline, agent.lastSeen);
    return {
      agent,
      ageDays: view.ageMs / DAY_MS,
      perTen: view.compare('calls', 10 * MINUTE_MS).typical,
      readsThings: agent.practice.facts.count(hashOf('read_thing', hashOf('tool'))),
      asked: (agent.memory.stateOf('watchful') as { asked: number } | undefined)?.asked ?? 0,
      obeyed: (agent.memory.stateOf('obedient') as { seen: number } | undefined)?.seen ?? 0,
    };
  }
}

const END = START + 2 * DAY_MS;

function site(): Site {
  const made = new Site();
  made.work('old', START, END);
  made.work('new', END, END + HOUR_MS);
  return made;
}

describe('a reset', () => {
  it('lets an agent begin anew, but for facts, and is told as a finding', () => {
    const made = site();
    expect(made.agent('old')).toMatchObject({ asked: 2_880, obeyed: 2_880 });
    const [told, ...more] = made.order(reset('old'), END + HOUR_MS);
    expect(more).toEqual([]);
    expect(told).toMatchObject({
      kind: 'finding',
      decision: {
        ...{
          agent: 'old',
          detector: 'baseline_reset',
          level: 'informational',
          time: END + HOUR_MS,
        },
        evidence: { facts: { by: 'kim', reason: 'it has a new name' } },
        decision: { tripped: false },
      },
    });
    const { agent, ...known } = made.agent('old');
    expect(known).toMatchObject({ ageDays: 0, readsThings: 0, asked: 0, obeyed: 2_880 });
    expect(agent).toMatchObject({ firstSeen: START, calls: 2_880, risk: [] });
  });

  it('has the agent borrow from its peers, not from its own past', () => {
    const made = new Site();
    for (const id of ['a', 'b', 'c', 'd']) made.work(id, START, END);
    made.order(reset('d'), END);
    const { agent } = made.agent('d');
    expect(agent.baseline.peers?.calls?.hours).toHaveLength(24);
    made.order(reset('c'), END);
    expect(made.agent('c').agent.baseline.peers).toBeNull();
  });

  it('changes nothing for an agent that nobody knows', () => {
    const made = site();
    const before = [...snapshot(made.shard)].slice(1);
    expect(made.order(reset('nobody'), END)).toEqual([]);
    expect([...snapshot(made.shard)].slice(1)).toEqual(before);
  });
});

describe('a merge', () => {
  it('gives a new name the history of the former, which stays as it was', () => {
    const made = site();
    const former = JSON.stringify(made.agent('old').agent.baseline);
    const readsThings = made.agent('old').readsThings + made.agent('new').readsThings;
    const [told] = made.order(merge('new', 'old'), END + HOUR_MS);
    expect(told).toMatchObject({
      decision: { agent: 'new', detector: 'baseline_merge', evidence: { facts: { from: 'old' } } },
    });
    const merged = made.agent('new');
    expect(merged.ageDays).toBeCloseTo(2.04, 1);
    expect(merged.perTen).toBeGreaterThan(8);
    expect(merged.perTen).toBeLessThan(14);
    expect(merged).toMatchObject({ readsThings, asked: 2_880, obeyed: 60 });
    expect(JSON.stringify(made.agent('old').agent.baseline)).toBe(former);
    made.work('new', END + HOUR_MS, END + 2 * HOUR_MS);
    expect(made.agent('old').asked).toBe(2_880);
  });

  it('adds up the work of two that acted at the same time', () => {
    const made = new Site();
    made.work('left', START, END);
    made.work('right', START, END);
    made.order(merge('left', 'right', 'at_once'), END);
    made.work('left', END, END + HOUR_MS);
    expect(made.agent('left').perTen).toBeGreaterThan(14);
    expect(made.agent('left').perTen).toBeLessThan(26);
    expect(made.agent('left').ageDays).toBeCloseTo(2, 1);
  });

  it.each([
    ['with itself', merge('old', 'old')],
    ['with an agent that nobody knows', merge('new', 'nobody')],
  ])('%s changes nothing', (_, order) => {
    const made = site();
    const before = [...snapshot(made.shard)].slice(1);
    expect(made.order(order, END + HOUR_MS)).toEqual([]);
    expect([...snapshot(made.shard)].slice(1)).toEqual(before);
  });

  it.each(['old', 'new'])('is refused while a breaker holds the %s agent', (held) => {
    const made = site();
    made.work(held, END + HOUR_MS, END + HOUR_MS + MINUTE_MS, { trip: 4 });
    expect(made.order(merge('new', 'old'), END + 2 * HOUR_MS)).toEqual([]);
    expect(made.agent('new').ageDays).toBeLessThan(0.1);
  });
});

describe('both', () => {
  it('come out the same on every replay, from a snapshot or a cut begun before them', () => {
    const made = site();
    const cut = new ShardCut(made.shard);
    const before = [...snapshot(made.shard)].map((chunk) => JSON.stringify(chunk));
    made.order(merge('new', 'old'), END + HOUR_MS);
    made.order(reset('old'), END + HOUR_MS);
    expect([...cut.lines()].map(({ text }) => text).sort()).toEqual(before.sort());
    const copy = new Shard(OPTIONS);
    restore(copy, JSON.parse(JSON.stringify([...snapshot(made.shard)])) as SnapshotChunk[]);
    expect([...snapshot(copy)]).toEqual([...snapshot(made.shard)]);
    const again = new Shard(OPTIONS);
    again.apply(made.entries);
    expect([...snapshot(again)]).toEqual([...snapshot(made.shard)]);
  });
});
