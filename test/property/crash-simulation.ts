import { expect } from 'vitest';
import { type BreakerLevel, breakerKeyText } from '../../src/core/breaker.ts';
import type { Effect } from '../../src/core/entry.ts';
import { MINUTE_MS } from '../../src/core/time.ts';
import { Shard, type ShardOptions } from '../../src/engine/shard.ts';
import { OBEDIENT, START } from '../../src/engine/testing/entries.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import { SimulatedFiles, seededRandom } from '../../src/ledger/testing/simulated-files.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import type { Ledger } from '../../src/ports/ledger.ts';
import { SILENT_METRICS } from '../../src/ports/metrics.ts';
import { type EngineHost, startEngineHost } from '../../src/runtime/engine-host.ts';
import { decodeEntry, isDecision, isFolded } from '../../src/runtime/entries.ts';
import { FakeClock, settled } from '../../src/runtime/testing/fake-clock.ts';
import {
  BROKER,
  GRANTS,
  RecordingLog,
  receivedOf,
  SECRET_REDACTOR,
  stateText,
} from '../../src/runtime/testing/fixtures.ts';
import { createMemoryStore } from '../../src/store/memory/memory-store.ts';
import { SeededReceiver } from './seeded-receiver.ts';
import { SeededSnapshotFiles } from './seeded-snapshot-files.ts';

const DIRECTORY = '/ledger';
const LIVES = 6;
const STEPS_PER_LIFE = 40;
const AGENTS = 6;

/** Closes by itself after its dwell, where OBEDIENT waits for a person. */
const TIMED = { ...OBEDIENT, id: 'timed', family: 'statistical' } as const;

const SHARD: ShardOptions = {
  registry: { detectors: [OBEDIENT, TIMED] },
  initialPosture: 'enforce',
};

export interface Outcome {
  readonly crashes: number;
  readonly refused: number;
  readonly acknowledged: number;
  readonly revocations: number;
  /** Starts that used a snapshot. */
  readonly restored: number;
  readonly head: string;
  readonly deliveries: readonly string[];
}

/** Lives the whole life of one seed and throws where a promise was broken. */
export async function simulate(seed: number): Promise<Outcome> {
  const world = new World(seed);
  for (let life = 0; life < LIVES; life += 1) await world.live();
  await world.end();
  return world.outcome();
}

class World {
  readonly #random: () => number;
  readonly #files: SimulatedFiles;
  readonly #snapshots: SeededSnapshotFiles;
  readonly #receivers: readonly SeededReceiver[];
  #clock = new FakeClock(START);
  #ledger: Ledger | null = null;
  #host: EngineHost | null = null;
  /** Ids whose sender was told that they are durable, with how often they were sent. */
  readonly #acknowledged = new Map<string, number>();
  #term = 0;
  /** What went wrong where nobody could throw. */
  readonly #broken: string[] = [];
  #sent = 0;
  #refused = 0;
  #crashes = 0;
  #restored = 0;
  #revocations = 0;
  #head = '';

  constructor(seed: number) {
    this.#random = seededRandom(seed * 7_919);
    this.#files = new SimulatedFiles(this.#random);
    this.#snapshots = new SeededSnapshotFiles(this.#random);
    this.#receivers = [
      new SeededReceiver('gateway', this.#random),
      new SeededReceiver('mesh', this.#random),
    ];
  }

  outcome(): Outcome {
    return {
      crashes: this.#crashes,
      refused: this.#refused,
      acknowledged: this.#acknowledged.size,
      revocations: this.#revocations,
      restored: this.#restored,
      head: this.#head,
      deliveries: this.#receivers.flatMap(({ journal }) => journal),
    };
  }

  /** From a start to a crash or an orderly stop. */
  async live(): Promise<void> {
    // A start may itself be cut off, at any of its writes.
    for (let attempt = 0; !(await this.#start(attempt)); attempt += 1) {
      await this.#cutPower();
    }
    await this.#check('after recovery');
    for (const receiver of this.#receivers) receiver.faultRate = this.#random() * 0.8;
    const crashAt = this.#below(3) > 0 ? this.#below(STEPS_PER_LIFE) : STEPS_PER_LIFE;
    for (let step = 0; step < STEPS_PER_LIFE && !this.#files.crashed; step += 1) {
      if (step === crashAt) this.#planCrash(12);
      await this.#step();
    }
    if (!this.#files.crashed && this.#random() < 0.5) await this.#heal();
    if (!this.#files.crashed && this.#random() < 0.5) await this.#stopInTrouble();
    await this.#cutPower();
  }

  /** After all faults have ended for good. */
  async end(): Promise<void> {
    expect(await this.#start(10)).toBe(true);
    await this.#heal();
    await this.#stop();
    const verified = await verifyLedger(DIRECTORY, { files: this.#files });
    expect(verified, JSON.stringify(verified)).toMatchObject({ ok: true });
  }

  /** All faults end; then everything owed is delivered, acknowledged and written down. */
  async #heal(): Promise<void> {
    this.#files.faults.clear();
    for (const receiver of this.#receivers) receiver.faultRate = 0;
    await this.#clock.advance(2 * MINUTE_MS);
    await this.#check('after all faults');
    const { host } = this.#running();
    expect(host.partition.writable).toBe(true);
    expect(host.view.counters().unacknowledged).toBe(0);
    for (const { key, state, acknowledgedBy, awaiting } of host.view.breakers('*', true)) {
      // The newest state of every key has arrived, whatever the level, also that it closed.
      expect({ key, awaiting }).toEqual({ key, awaiting: [] });
      expect(acknowledgedBy).toEqual(expect.arrayContaining(['gateway', 'mesh']));
      for (const receiver of this.#receivers) {
        expect(receiver.acknowledged.get(breakerKeyText(key))?.epoch).toBe(state.epoch);
      }
    }
  }

  async #start(attempt: number): Promise<boolean> {
    this.#clock = new FakeClock(this.#clock.now() + this.#below(5_000));
    if (attempt < 3 && this.#random() < 0.3) this.#planCrash(10);
    const log = new RecordingLog();
    try {
      const ledger = await openLedger({
        directory: DIRECTORY,
        log,
        metrics: SILENT_METRICS,
        clock: this.#clock,
        options: { commitEntries: 8, segmentBytes: 6_000 },
        files: this.#files,
      });
      this.#ledger = ledger;
      const alive = () => !this.#files.crashed && this.#ledger === ledger;
      this.#snapshots.alive = alive;
      for (const receiver of this.#receivers) receiver.alive = alive;
      this.#host = await startEngineHost({
        ledger,
        store: createMemoryStore(),
        redactor: SECRET_REDACTOR,
        receivers: this.#receivers,
        shard: SHARD,
        snapshotDirectory: '/never',
        snapshotFiles: this.#snapshots,
        snapshotEveryEntries: 7,
        software: 'simulation',
        tenantConfigs: new Map([['acme', { detectors: {}, breakers: { singleOperator: true } }]]),
        grants: new Map([['acme', GRANTS]]),
        clock: this.#clock,
        log,
        metrics: SILENT_METRICS,
        jitter: this.#random,
      });
    } catch (error) {
      expect(error).toMatchObject({ code: 'storage_unavailable' });
      expect(this.#files.crashed).toBe(true);
      return false;
    }
    await settled();
    if (this.#files.crashed) return false;
    this.#files.faults.clear();
    expect(this.#host.view.term).toBeGreaterThan(this.#term);
    this.#term = this.#host.view.term;
    if (this.#snapshots.reads > 0) this.#restored += 1;
    this.#snapshots.reads = 0;
    return true;
  }

  async #step(): Promise<void> {
    const { host } = this.#running();
    const what = this.#random();
    if (what < 0.5) this.#submit(host, 1 + this.#below(4));
    else if (what < 0.62) this.#order(host);
    else if (what < 0.7) this.#acknowledgeByFeed(host);
    else if (what < 0.76) this.#fillDisk();
    else if (what < 0.8) this.#snapshots.refuses = !this.#snapshots.refuses;
    if (this.#random() < 0.5) await settled();
    if (this.#random() < 0.3) await this.#clock.advance(this.#below(4_000));
    if (this.#random() < 0.03) await this.#clock.leap(70 * MINUTE_MS);
    if (this.#random() < 0.05) this.#files.faults.clear();
  }

  #submit(host: EngineHost, count: number): void {
    const events = Array.from({ length: count }, () => {
      this.#sent += 1;
      const level = this.#random() < 0.3 ? this.#below(6) : undefined;
      const agent = { id: `agent-${this.#below(AGENTS)}` };
      const id = `e${this.#sent}`;
      const session = { id: `s-${this.#below(4)}` };
      const attrs = { ...(level === undefined ? {} : { trip: level }), key: this.#keyKind() };
      return receivedOf({ id, agent, session, attrs, time: this.#clock.now() });
    });
    this.#send(host, events, 1);
  }

  #send(host: EngineHost, events: Parameters<typeof receivedOf>[0][], attempt: number): void {
    const batch = { sender: BROKER, events: events.map(receivedOf) };
    const { ingest } = host;
    void ingest.submit(batch).then(
      () => {
        // What a dead process believes was never told to anybody.
        if (this.#files.crashed || this.#host !== host) return;
        for (const { id } of events) this.#acknowledged.set(id, attempt);
      },
      (error: unknown) => {
        if (!isOneOf(error, REFUSALS)) this.#broken.push(`submit: ${String(error)}`);
        this.#refused += 1;
        if (this.#host === host && attempt < 3) this.#send(host, events, attempt + 1);
      },
    );
  }

  #order(host: EngineHost): void {
    const id = `agent-${this.#below(AGENTS)}`;
    const order = { actor: 'kim', reason: 'simulated' } as const;
    const key = { tenant: 'acme', kind: 'agent', id } as const;
    const open = host.view.breakers('*', false);
    const seen = open[this.#below(open.length)];
    const level = (1 + this.#below(5)) as BreakerLevel;
    const command =
      seen && this.#random() < 0.6
        ? ({ type: 'reset', ...order, key: seen.key, epoch: seen.state.epoch } as const)
        : ({ type: 'trip', ...order, key, level } as const);
    host.control.command('acme', command).catch((error: unknown) => {
      const answers = [...REFUSALS, 'conflict', 'not_found'];
      if (!isOneOf(error, answers)) this.#broken.push(`order: ${String(error)}`);
    });
  }

  #acknowledgeByFeed(host: EngineHost): void {
    for (const { key, state, term } of host.breakers.snapshot('acme').breakers) {
      if (this.#random() >= 0.3) continue;
      const acknowledgement = { receiver: 'feed', key, term, epoch: state.epoch };
      host.control.acknowledge(acknowledgement).catch((error: unknown) => {
        if (!isOneOf(error, REFUSALS)) this.#broken.push(`acknowledge: ${String(error)}`);
      });
    }
  }

  /** A few operations in a row fail, each possibly half done; what comes before them succeeds. */
  #fillDisk(): void {
    const { operations, faults } = this.#files;
    const first = operations + 1 + this.#below(6);
    const last = first + this.#below(15);
    for (let at = first; at <= last; at += 1) {
      if (!faults.has(at)) faults.set(at, { kind: 'error', code: 'ENOSPC' });
    }
    // Nobody waits for a better moment to pull the plug.
    if (this.#random() < 0.25) faults.set(last, { kind: 'crash' });
  }

  #planCrash(within: number): void {
    this.#files.faults.set(this.#files.operations + 1 + this.#below(within), { kind: 'crash' });
  }

  async #cutPower(): Promise<void> {
    this.#files.crash();
    this.#crashes += 1;
    this.#host = null;
    this.#ledger = null;
    // Whatever the dead process was about to write fails before its disk works again.
    await settled();
    this.#files.restart();
    this.#snapshots.afterCrash();
    for (const receiver of this.#receivers) receiver.forgetConnections();
  }

  /** Orderly; a crash on the way is what the planned one is for. */
  async #stop(): Promise<void> {
    const { host, ledger } = this.#running();
    const closing = host.close().then(() => ledger.close());
    await settled();
    await this.#clock.advance(10_000);
    await settled();
    if (!this.#files.crashed) await closing;
  }

  /** The disk fills while the last events come in, and is still full when the process ends. */
  async #stopInTrouble(): Promise<void> {
    if (this.#random() < 0.7) {
      this.#submit(this.#running().host, 4);
      this.#fillDisk();
      if (this.#random() < 0.5) await settled();
    }
    if (!this.#files.crashed) await this.#stop();
  }

  async #check(when: string): Promise<void> {
    const { host, ledger } = this.#running();
    await host.partition.idle();
    await settled();
    await host.partition.idle();
    const twin = new Shard(SHARD);
    const inputs = new Map<string, number>();
    const recorded: Effect[] = [];
    const decided: Effect[] = [];
    for await (const batch of ledger.read(1)) {
      for (const stored of batch) {
        const entry = decodeEntry(stored);
        if (entry.kind === 'input') inputs.set(entry.body.id, (inputs.get(entry.body.id) ?? 0) + 1);
        if (isFolded(entry)) decided.push(...twin.apply([entry]));
        else if (isDecision(entry)) {
          const { kind, tenant } = entry;
          const { late: _refusedBefore, ...body } = entry.body;
          recorded.push({ kind, tenant, ...body } as Effect);
        }
      }
    }
    for (const [id, attempts] of this.#acknowledged) {
      const times = inputs.get(id) ?? 0;
      expect(times, `${id} ${when}`).toBeGreaterThanOrEqual(1);
      expect(times, `${id} ${when}`).toBeLessThanOrEqual(attempts);
    }
    expect(this.#broken).toEqual([]);
    for (const { broken } of this.#receivers) expect(broken).toEqual([]);
    expect(stateText(host.partition.shard)).toEqual(stateText(twin));
    expect(host.partition.settled).toBe(true);
    expect(recorded.map(positionOf)).toEqual(decided.map(positionOf));
    expect(recorded).toEqual(JSON.parse(JSON.stringify(decided)));
    this.#checkRevocations(recorded, twin);
    this.#head = ledger.head.hash;
  }

  #checkRevocations(recorded: readonly Effect[], shard: Shard): void {
    const revocations = recorded.flatMap((e) => (e.kind === 'revocation' ? [e.decision] : []));
    const fences = revocations.map(({ key, epoch }) => `${breakerKeyText(key)} ${epoch}`);
    expect(new Set(fences).size).toBe(fences.length);
    expect(new Set(revocations.map(({ jti }) => jti)).size).toBe(revocations.length);
    for (const { key, state } of shard.tenant('acme').board.entries.values()) {
      if (state.phase === 'closed' || state.level < 4) continue;
      expect(fences).toContain(`${breakerKeyText(key)} ${state.epoch}`);
    }
    const decided = recorded.filter(({ kind }) => kind !== 'finding').map(positionOf);
    const known = new Set(decided);
    for (const receiver of this.#receivers) {
      for (const jti of receiver.seen) expect(known).toContain(jti.replace(/^tc-\d+-/, ''));
    }
    this.#revocations = revocations.length;
  }

  #running(): { host: EngineHost; ledger: Ledger } {
    if (!this.#host || !this.#ledger) throw new Error('nothing runs');
    return { host: this.#host, ledger: this.#ledger };
  }

  #keyKind(): 'agent' | 'session' {
    return this.#random() < 0.5 ? 'agent' : 'session';
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

const REFUSALS = ['storage_unavailable', 'overloaded'];

function isOneOf(error: unknown, codes: readonly string[]): boolean {
  return codes.includes(String((error as { readonly code?: unknown }).code));
}

function positionOf({ inputSeq, ordinal }: Effect): string {
  return `${inputSeq}-${ordinal}`;
}
