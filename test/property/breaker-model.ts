import { expect } from 'vitest';
import type { BreakerState as ClientState, Snapshot } from '../../client/src/messages.ts';
import {
  type BreakerKey,
  breakerKeyText,
  classOf,
  type Transition,
} from '../../src/core/breaker.ts';
import type { Command, Effect, FoldedEntry } from '../../src/core/entry.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/core/time.ts';
import { stateOf } from '../../src/engine/breaker/board.ts';
import { Shard, type ShardOptions } from '../../src/engine/shard.ts';
import { restore, type SnapshotChunk, snapshot } from '../../src/engine/snapshot.ts';
import { EntryWriter, OBEDIENT, START } from '../../src/engine/testing/entries.ts';
import { seededRandom } from '../../src/ledger/testing/simulated-files.ts';
import { createOpenSetHash } from '../../src/revocation/feed/open-set-hash.ts';
import { AGENTS, EDGES, type Step } from './breaker-steps.ts';
import { GraveBreakers } from './grave-breakers.ts';
import { type Disturbance, SimulatedEdge } from './simulated-edge.ts';

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

/** Of statistics, for so few agents, and of what is proven. */
const BUDGETS = { statistical: 3, proven: 25 } as const;
/** Automation takes it to step-up at most. */
const PROTECTED = `bot-${AGENTS - 1}`;
const CONFIG = { detectors: {}, breakers: { protectedAgents: [PROTECTED] } } as const;

/** The engine, its log and simulated edges; throws where an invariant breaks. */
export class BreakerModel {
  #shard = new Shard(SHARD);
  readonly #write = new EntryWriter();
  readonly #log: FoldedEntry[] = [];
  readonly #random: () => number;
  readonly #epochs = new Map<string, number>();
  readonly #edges: readonly SimulatedEdge[];
  readonly #grave = new GraveBreakers();
  #kept: { readonly at: number; readonly chunks: string } | null = null;
  #now = START;
  #events = 0;
  #term = 1;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#edges = Array.from({ length: EDGES }, () => new SimulatedEdge(() => this.#now));
    this.#fold(this.#write.term(this.#term));
    this.#fold(this.#write.grant('acme', [{ tenant: 'acme', agent: '*' }]));
    this.#fold(this.#write.config('acme', CONFIG));
    for (const edge of this.#edges) this.#resynchronise(edge);
  }

  take(step: Step): void {
    if (step.do === 'proof') this.#event(step, { trip: step.level ?? 4 });
    else if (step.do === 'statistics') {
      this.#event(step, { statistics: step.level ?? 4, score: step.score ?? 50 });
    } else if (step.do === 'outbreak') {
      for (let n = 0; n <= (step.count ?? 0); n += 1) {
        const agent = ((step.agent ?? 0) + n) % AGENTS;
        this.#event({ ...step, agent }, { statistics: 4, score: 50 + 8 * n });
      }
    } else if (step.do === 'calls') {
      for (let n = 0; n < (step.count ?? 0); n += 1) this.#event(step, {});
    } else if (step.do === 'delegate') this.#delegate(step);
    else if (step.do === 'wait') this.#wait(step);
    else if (step.do === 'order') this.#order(step);
    else if (step.do === 'campaign') this.#campaign(step);
    else if (step.do === 'relapses') this.#relapses(step);
    else if (step.do === 'approve') this.#approve(step.who ?? 0);
    else if (step.do === 'crash') this.#crash();
    else if (step.do === 'end') this.#end(step);
    else if (step.do === 'calm') {
      const said = { actor: 'person-0', reason: 'model' };
      this.#fold(this.#write.command('acme', { type: 'storm_end', ...said }, this.#now));
    } else if (step.do === 'posture') {
      const said = { actor: 'person-0', reason: 'model' };
      const type = step.posture === 'shadow' ? 'shadow' : 'enforce';
      this.#fold(this.#write.command('acme', { type, ...said }, this.#now));
    } else this.#disturb(step.do as Disturbance | 'heartbeat', this.#edges[step.edge ?? 0]);
    for (const edge of this.#edges) edge.checkSilence();
  }

  /** I2 and I6: once a heartbeat gets through, every edge soon has what the engine has. */
  settle(): void {
    this.#crash();
    const open = this.#openSet();
    for (const edge of this.#edges) {
      edge.disturb('reorder', this.#random);
      edge.drain();
      this.#beat(edge);
      edge.drain();
      if (edge.wantsSnapshot) this.#resynchronise(edge);
      edge.drain();
      expect(edge.open()).toEqual(open);
      this.#beat(edge);
      edge.drain();
      expect(edge.wantsSnapshot).toBe(false);
    }
  }

  #event(
    { agent: n = 0, skew = 0, session = false }: Step,
    given: Readonly<Record<string, number>>,
  ): void {
    this.#events += 1;
    const time = this.#now + (skew % (48 * HOUR_MS));
    const attrs = { ...given, ...(session && { key: 'session' }) };
    const by = { agent: { id: `bot-${n}` }, session: { id: `s-${n}` } };
    this.#fold(this.#write.input({ id: `e${this.#events}`, time, ...by, attrs }, this.#now));
  }

  /** A task ends: its session is taken back. */
  #end({ agent: n = 0 }: Step): void {
    this.#events += 1;
    const by = { agent: { id: `bot-${n}` }, session: { id: `s-${n}` } };
    const event = { id: `e${this.#events}`, time: this.#now, kind: 'task_end', ...by } as const;
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

  #order({ order, agent: n = 0, session = false, level = 4, who = 0 }: Step): void {
    const named = session ? { kind: 'session', id: `s-${n}` } : { kind: 'agent', id: `bot-${n}` };
    const key = { tenant: 'acme', ...named } as BreakerKey;
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

  #campaign({ orders = [], ...step }: Step): void {
    this.#event(step, { trip: 5 });
    for (const order of orders) {
      if (order === 'proof') this.#event(step, { trip: 4 });
      else if (order === 'wait') this.#wait({ do: 'wait', ms: HOUR_MS });
      else this.#order({ ...step, order, level: 1 });
    }
  }

  /** It is let go and trips again until it is latched, and then one person tries to let it go. */
  #relapses(step: Step): void {
    for (let n = 0; n < 4; n += 1) {
      this.#order({ ...step, order: 'reset' });
      this.#event(step, { trip: 4 });
    }
    this.#order({ ...step, order: 'trip', level: 1 });
    this.#order({ ...step, order: 'reset' });
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

  #disturb(what: Disturbance | 'heartbeat', edge: SimulatedEdge | undefined): void {
    if (what === 'heartbeat' && edge) this.#beat(edge);
    else if (what !== 'heartbeat') edge?.disturb(what, this.#random);
    if (edge?.wantsSnapshot) this.#resynchronise(edge);
  }

  #beat(edge: SimulatedEdge): void {
    const { term, seq, posture, breakers } = this.#snapshot();
    const hash = createOpenSetHash(breakers as never);
    const beat = { term, seq, posture, open: hash.open, hash: hash.hex() };
    edge.tell({ says: 'heartbeat', beat });
  }

  #resynchronise(edge: SimulatedEdge): void {
    edge.wantsSnapshot = false;
    edge.tell({ says: 'snapshot', snapshot: this.#snapshot() });
  }

  #snapshot(): Snapshot {
    const { board, posture } = this.#shard.tenant('acme');
    const breakers: ClientState[] = [];
    for (const { key, state } of board.entries.values()) {
      if (state.phase === 'closed') continue;
      const { phase, level, epoch, reason } = state;
      const said = { phase, level, epoch, reason, class: classOf(state) };
      breakers.push({ key, term: this.#term, ...said });
    }
    return { tenant: 'acme', term: this.#term, seq: board.feedSeq, posture, breakers };
  }

  #fold(entry: FoldedEntry): void {
    this.#log.push(entry);
    const { board, storm } = this.#shard.tenant('acme');
    const before = new Map(board.entries);
    const wasCalm = storm.since === null;
    for (const effect of this.#shard.apply([entry])) this.#check(entry, effect, before, wasCalm);
    const { automatic } = this.#shard.tenant('acme').board;
    // I4, in every prefix of the log.
    expect(automatic.statistical.size).toBeLessThanOrEqual(BUDGETS.statistical);
    expect(automatic.proven.size).toBeLessThanOrEqual(BUDGETS.proven);
    this.#checkCascades();
    const { posture } = this.#shard.tenant('acme');
    this.#grave.checkHolding(this.#shard.tenant('acme').board, posture);
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

  #check(entry: FoldedEntry, effect: Effect, before: BoardEntries, wasCalm: boolean): void {
    if (effect.kind !== 'transition') return;
    const { decision: transition } = effect;
    const text = breakerKeyText(transition.key);
    expect(transition.epoch).toBeGreaterThan(this.#epochs.get(text) ?? 0);
    this.#epochs.set(text, transition.epoch);
    const lets = transition.to === 'closed' || transition.to === 'probation';
    // I8: an event, whatever its own clock says, ends nothing but a step of probation.
    if (entry.kind === 'input' && lets) expect(transition.from).toBe('probation');
    const state = before.get(text)?.state;
    this.#grave.follow(transition, stateOf(this.#shard.tenant('acme').board, transition.key));
    this.#checkBounds(transition, state, wasCalm);
    this.#broadcast(transition);
  }

  #broadcast({ key, to: phase, level, epoch, reason, feedSeq: seq, ...rest }: Transition): void {
    const breaker = { key, phase, level, term: this.#term, epoch, reason, class: rest.class };
    const word = { says: 'transition', message: { term: this.#term, seq, breaker } } as const;
    for (const edge of this.#edges) edge.tell(word);
  }

  /** What automation may not do to a protected agent, nor statistics in a storm. */
  #checkBounds(transition: Transition, state: BoardState | undefined, wasCalm: boolean): void {
    const { class: by, to, level, key } = transition;
    const held = state === undefined || state.phase === 'closed' ? 0 : state.level;
    if (to !== 'open' || level <= held || transition.reason === 'cascade') return;
    const isProtected = key.agent === PROTECTED || key.id === PROTECTED;
    const isAutomatic = by === 'deterministic' || by === 'statistical';
    if (isProtected && isAutomatic) expect(level).toBeLessThanOrEqual(2);
    if (!wasCalm && by === 'statistical') expect(level).toBeLessThan(4);
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
