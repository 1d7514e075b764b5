import fc from 'fast-check';
import { expect } from 'vitest';
import { type BreakerKey, breakerKeyText, type Transition } from '../../src/core/breaker.ts';
import type { Command, Effect, FoldedEntry } from '../../src/core/entry.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/core/time.ts';
import { stateOf } from '../../src/engine/breaker/board.ts';
import { Shard, type ShardOptions } from '../../src/engine/shard.ts';
import { restore, type SnapshotChunk, snapshot } from '../../src/engine/snapshot.ts';
import { EntryWriter, OBEDIENT, START } from '../../src/engine/testing/entries.ts';
import { seededRandom } from '../../src/ledger/testing/simulated-files.ts';

const PROOF = { ...OBEDIENT, id: 'proof' } as const;
/** Material by its own cap, so that nothing but the budget keeps it from stopping agents. */
const STATISTICS = {
  ...OBEDIENT,
  id: 'statistics',
  family: 'statistical',
  observe: (...given: Parameters<typeof OBEDIENT.observe>) => {
    const asked = given[0].attrs['statistics'];
    const event = { ...given[0], attrs: { ...given[0].attrs, trip: asked } } as never;
    return typeof asked === 'number' ? OBEDIENT.observe(event, given[1], given[2]) : [];
  },
} as const;

const SHARD: ShardOptions = {
  registry: { detectors: [PROOF, STATISTICS] },
  initialPosture: 'enforce',
};

const AGENTS = 8;
const EDGES = 3;
/** Of statistics, for so few agents. */
const BUDGET = 3;

const agent = fc.nat(AGENTS - 1);
const level = fc.integer({ min: 1, max: 5 });
const edge = fc.nat(EDGES - 1);
const OTHERS = ['drop', 'duplicate', 'reorder', 'resync', 'deliver'] as const;

/** What may happen next. */
export const STEPS = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('proof'), agent, level, skew: fc.integer() }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ do: fc.constant('statistics'), agent, level, skew: fc.integer() },
      score: fc.integer({ min: 1, max: 99 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('delegate'), agent, to: agent, chain: fc.nat(3) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('calls'), agent, count: fc.nat(12) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('wait'),
      ms: fc.constantFrom(SECOND_MS, MINUTE_MS, 20 * MINUTE_MS, HOUR_MS, 5 * HOUR_MS),
      back: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('order'),
      order: fc.constantFrom('trip', 'reset', 'release', 'exempt', 'break_glass', 'ask', 'stale'),
      ...{ agent, level },
      who: fc.nat(2),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('approve'), who: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('crash') }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom(...OTHERS), edge }) },
);

interface Step {
  readonly do: string;
  readonly agent?: number;
  readonly level?: number;
  readonly skew?: number;
  readonly score?: number;
  readonly count?: number;
  readonly ms?: number;
  readonly back?: boolean;
  readonly order?: string;
  readonly who?: number;
  readonly edge?: number;
  readonly to?: number;
  readonly chain?: number;
}

interface Message {
  readonly term: number;
  readonly transition: Transition;
}

/** An enforcement point: what it holds by key, and what is on its way to it. */
interface Edge {
  readonly held: Map<string, { term: number; epoch: number; phase: string; level: number }>;
  onTheWay: Message[];
  /** Dropped on the way; sent again until acknowledged. */
  owed: Message[];
}

/** The engine, its log and simulated edges; throws where an invariant breaks. */
export class BreakerModel {
  #shard = new Shard(SHARD);
  readonly #write = new EntryWriter();
  readonly #log: FoldedEntry[] = [];
  readonly #random: () => number;
  readonly #epochs = new Map<string, number>();
  readonly #edges: Edge[] = [];
  #kept: { readonly at: number; readonly chunks: string } | null = null;
  #now = START;
  #events = 0;
  #term = 1;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    for (let edge = 0; edge < EDGES; edge += 1) {
      this.#edges.push({ held: new Map(), onTheWay: [], owed: [] });
    }
    this.#fold(this.#write.term(this.#term));
    this.#fold(this.#write.grant('acme', [{ tenant: 'acme', agent: '*' }]));
  }

  take(step: Step): void {
    if (step.do === 'proof') this.#event(step, { trip: step.level ?? 4 });
    else if (step.do === 'statistics') {
      this.#event(step, { statistics: step.level ?? 4, score: step.score ?? 50 });
    } else if (step.do === 'calls') {
      for (let n = 0; n < (step.count ?? 0); n += 1) this.#event(step, {});
    } else if (step.do === 'delegate') this.#delegate(step);
    else if (step.do === 'wait') this.#wait(step);
    else if (step.do === 'order') this.#order(step);
    else if (step.do === 'approve') this.#approve(step.who ?? 0);
    else if (step.do === 'crash') this.#crash();
    else this.#disturb(step.do, this.#edges[step.edge ?? 0]);
  }

  /** Quiescence: everything owed arrives, in any order; every edge then equals the engine. */
  settle(): void {
    this.#crash();
    for (const edge of this.#edges) {
      edge.onTheWay = [...edge.onTheWay, ...edge.owed].sort(() => this.#random() - 0.5);
      edge.owed = [];
      while (edge.onTheWay.length > 0) this.#deliver(edge);
    }
    const open = this.#openSet();
    for (const { held } of this.#edges) {
      const live = [...held].filter(([, { phase }]) => phase !== 'closed');
      expect(
        new Map(live.map(([text, { epoch, phase, level }]) => [text, [epoch, phase, level]])),
      ).toEqual(open);
    }
  }

  #event({ agent: n = 0, skew = 0 }: Step, attrs: Readonly<Record<string, number>>): void {
    this.#events += 1;
    const time = this.#now + (skew % (48 * HOUR_MS));
    const event = { id: `e${this.#events}`, time, agent: { id: `bot-${n}` }, attrs };
    this.#fold(this.#write.input(event, this.#now));
  }

  #delegate({ agent: from = 0, to = 0, chain = 0 }: Step): void {
    this.#events += 1;
    const delegation = [{ sub: `agent:bot-${from}`, type: 'agent' }] as const;
    const event = { delegation, token: { txn: `x-${chain}` }, agent: { id: `bot-${to}` } };
    this.#fold(this.#write.input({ id: `e${this.#events}`, time: this.#now, ...event }, this.#now));
  }

  /** The appender's stamp never goes back, whatever the clock does (I8). */
  #wait({ ms = 0, back = false }: Step): void {
    if (!back) this.#now += ms;
    for (let tick = 0; tick < 8; tick += 1) this.#fold(this.#write.tick(this.#now));
  }

  #order({ order, agent: n = 0, level = 4, who = 0 }: Step): void {
    const key: BreakerKey = { tenant: 'acme', kind: 'agent', id: `bot-${n}` };
    const { epoch } = stateOf(this.#shard.tenant('acme').board, key);
    const said = { actor: `person-${who}`, reason: 'model', key };
    const credential = `token-${who}`;
    const commands: Readonly<Record<string, Command>> = {
      trip: { type: 'trip', ...said, level: level as 1 },
      reset: { type: 'reset', ...said, epoch },
      release: { type: 'release', ...said, epoch },
      exempt: { type: 'exempt', ...said, forMs: (level < 4 ? 10 : 30) * MINUTE_MS },
      break_glass: { type: 'break_glass', ...said, forMs: 2 * HOUR_MS, ticket: 'T-1' },
      ask: {
        ...{ type: 'approval_request', ...said, credential, epoch, forMs: 0 },
        order: level < 3 ? 'reset' : 'release',
      },
      stale: { type: 'reset', ...said, epoch: epoch - 1 },
    };
    const command = commands[order ?? 'trip'];
    if (command) this.#fold(this.#write.command('acme', command, this.#now));
  }

  #approve(who: number): void {
    const [approval] = this.#shard.tenant('acme').approvals.values();
    if (!approval) return;
    const said = { actor: `person-${who}`, reason: 'model', credential: `token-${who}` };
    const body = { type: 'approval_decide', ...said, approval: approval.id } as const;
    const command = { ...body, verdict: 'approve' } as const;
    const before = stateOf(this.#shard.tenant('acme').board, approval.key).epoch;
    this.#fold(this.#write.command('acme', command, this.#now));
    const after = stateOf(this.#shard.tenant('acme').board, approval.key).epoch;
    if (approval.requestedBy === said.actor) expect(after).toBe(before);
    if (approval.expiresAt <= this.#now) expect(after).toBe(before);
  }

  /** I3: the state after a crash is that before it, from the newest snapshot and the log. */
  #crash(): void {
    const before = [...this.#openSet()];
    const shard = new Shard(SHARD);
    if (this.#kept) restore(shard, JSON.parse(this.#kept.chunks) as SnapshotChunk[]);
    for (const entry of this.#log.slice(this.#kept?.at ?? 0)) shard.apply([entry]);
    this.#shard = shard;
    expect([...this.#openSet()].sort()).toEqual(before.sort());
    this.#kept = { at: this.#log.length, chunks: JSON.stringify([...snapshot(shard)]) };
    this.#term += 1;
    this.#fold(this.#write.term(this.#term));
  }

  #disturb(what: string, edge: Edge | undefined): void {
    if (!edge) return;
    const [first] = edge.onTheWay;
    if (what === 'resync') {
      for (const { key, state } of this.#shard.tenant('acme').board.entries.values()) {
        const level = state.phase === 'closed' ? 0 : state.level;
        this.#apply(edge, breakerKeyText(key), this.#term, state.epoch, state.phase, level);
      }
    } else if (first && what === 'drop') edge.owed.push(...edge.onTheWay.splice(0, 1));
    else if (first && what === 'duplicate') edge.onTheWay.push(first);
    else if (what === 'reorder') edge.onTheWay.sort(() => this.#random() - 0.5);
    else if (first) this.#deliver(edge);
  }

  #deliver(edge: Edge): void {
    const message = edge.onTheWay.shift();
    if (!message) return;
    const { term, transition } = message;
    const { key, epoch, to, level } = transition;
    this.#apply(edge, breakerKeyText(key), term, epoch, to, level);
  }

  /** I1 and I6: an edge keeps the highest (term, epoch) of a key, and epochs alone never tie. */
  #apply(
    edge: Edge,
    text: string,
    term: number,
    epoch: number,
    phase: string,
    level: number,
  ): void {
    const known = edge.held.get(text);
    if (known && epoch <= known.epoch) {
      if (epoch === known.epoch) expect([phase, level]).toEqual([known.phase, known.level]);
      return;
    }
    edge.held.set(text, { term, epoch, phase, level });
  }

  #fold(entry: FoldedEntry): void {
    this.#log.push(entry);
    const before = new Map(this.#shard.tenant('acme').board.entries);
    for (const effect of this.#shard.apply([entry])) this.#check(entry, effect, before);
    const { automatic } = this.#shard.tenant('acme').board;
    // I4, in every prefix of the log.
    expect(automatic.statistical.size).toBeLessThanOrEqual(BUDGET);
    this.#checkCascades();
  }

  /** What hangs on a breaker is held no longer than that, and waits for nothing else. */
  #checkCascades(): void {
    const { entries, cascades } = this.#shard.tenant('acme').board;
    let hanging = 0;
    for (const { state } of entries.values()) {
      if (state.phase !== 'open' || state.cascadeOf === null) continue;
      hanging += 1;
      expect(['open', 'isolated']).toContain(entries.get(state.cascadeOf)?.state.phase);
      expect([state.closesAt, state.latch]).toEqual([null, null]);
    }
    expect([...cascades.values()].reduce((sum, { size }) => sum + size, 0)).toBe(hanging);
  }

  #check(entry: FoldedEntry, effect: Effect, before: BoardEntries): void {
    if (effect.kind !== 'transition') return;
    const { decision: transition } = effect;
    const text = breakerKeyText(transition.key);
    expect(transition.epoch).toBeGreaterThan(this.#epochs.get(text) ?? 0);
    this.#epochs.set(text, transition.epoch);
    const lets = transition.to === 'closed' || transition.to === 'probation';
    // I8: an event, whatever its own clock says, ends nothing but a step of probation.
    if (entry.kind === 'input' && lets) expect(transition.from).toBe('probation');
    this.#checkTwoPersons(transition, before.get(text)?.state);
    for (const { onTheWay } of this.#edges) onTheWay.push({ term: this.#term, transition });
  }

  /** I5: no end of level 5 and above, nor of what is latched, without two persons. */
  #checkTwoPersons(transition: Transition, state: BoardState | undefined): void {
    if (!state || (state.phase !== 'open' && state.phase !== 'isolated')) return;
    const isGrave = state.level >= 5 || (state.phase === 'open' && state.latch === 'repeat');
    if (!isGrave || transition.level >= Math.min(5, state.level)) return;
    const { actor, approvedBy, ticket } = transition;
    if (ticket !== undefined) return;
    expect(approvedBy).toBeDefined();
    expect(approvedBy).not.toBe(actor);
  }

  #openSet(): Map<string, readonly [number, string, number]> {
    const open = new Map<string, readonly [number, string, number]>();
    for (const { key, state } of this.#shard.tenant('acme').board.entries.values()) {
      if (state.phase === 'closed') continue;
      open.set(breakerKeyText(key), [state.epoch, state.phase, state.level]);
    }
    return open;
  }
}

type BoardEntries = ReadonlyMap<string, { readonly state: BoardState }>;
type BoardState = ReturnType<typeof stateOf>;
