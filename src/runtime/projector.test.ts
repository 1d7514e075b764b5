import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { START } from '../engine/testing/entries.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import type { ProjectionBatch, Store } from '../ports/store.ts';
import { createMemoryStore } from '../store/memory/memory-store.ts';
import { Partition } from './partition.ts';
import { Projector } from './projector.ts';
import { FakeClock, settled } from './testing/fake-clock.ts';
import {
  GRANT_ENTRY,
  inputOf,
  obedientShard,
  RecordingLog,
  tripInput,
} from './testing/fixtures.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';

/** Keeps every batch it took; what it refuses it may have taken in part, as a server may. */
class RecordingStore {
  readonly inner = createMemoryStore();
  readonly batches: ProjectionBatch[] = [];
  fails = false;
  insertTakes: () => Promise<void> = async () => {};

  get store(): Store {
    return {
      ...this.inner,
      project: async (batch) => {
        if (this.fails) throw new Error('store is down');
        this.batches.push(batch);
        await this.insertTakes();
        await this.inner.project(batch);
      },
    };
  }

  /** The sequences taken, in the order they came. */
  get runs(): readonly (readonly [number, number])[] {
    return this.batches.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq] as const);
  }
}

function start(ledger = new MemoryLedger(), recording = new RecordingStore()) {
  const clock = new FakeClock(START);
  const log = new RecordingLog();
  const shard = obedientShard();
  const metrics = SILENT_METRICS;
  const partition = new Partition({ shard, ledger, clock, log, metrics });
  const { store } = recording;
  const projector = new Projector({ partition, ledger, store, clock, log, metrics });
  return { ledger, recording, clock, log, partition, projector };
}

async function trips(partition: Partition, ids: readonly string[]) {
  for (const id of ids) await partition.decide([tripInput(id, 4, `bot-${id}`)]);
}

function expectGapless(runs: readonly (readonly [number, number])[], last: number) {
  let next = 1;
  for (const [first, end] of runs) {
    expect(first).toBe(next);
    next = end + 1;
  }
  expect(next).toBe(last + 1);
}

const PAUSE_MS = LIMITS.projectionPauseMaxMs;

describe('the projector', { timeout: 30_000 }, () => {
  it('copies the log in order, without gap or overlap', async () => {
    const { ledger, recording, clock, partition, projector } = start();
    projector.start();
    await partition.decide([GRANT_ENTRY]);
    for (let round = 0; round < 10; round += 1) {
      await trips(partition, [`${round}-a`, `${round}-b`]);
      await clock.advance(PAUSE_MS);
    }
    expect(projector.projectedSeq).toBe(ledger.head.seq);
    expectGapless(recording.runs, ledger.head.seq);
    const { rows } = await recording.inner.findings({ tenants: '*', limit: 100 });
    expect(rows).toHaveLength(20);
    expect(recording.batches.flatMap(({ transitions }) => transitions)).toHaveLength(20);
  });

  it('takes up from the ledger where the store stands', async () => {
    const { ledger, recording, partition, projector, clock } = start();
    await partition.decide([GRANT_ENTRY]);
    await trips(partition, ['a', 'b', 'c']);
    projector.start();
    await clock.advance(PAUSE_MS);
    await projector.close();
    expectGapless(recording.runs, ledger.head.seq);
    const before = recording.batches.length;
    const next = start(ledger, recording);
    next.projector.start();
    await next.partition.decide([inputOf({ id: 'd' })]);
    await next.clock.advance(PAUSE_MS);
    expect(recording.batches.length).toBeGreaterThan(before);
    expectGapless(recording.runs, ledger.head.seq);
  });

  it('retries a store that fails, from where it stands, and says so once', async () => {
    const { ledger, recording, partition, projector, clock, log } = start();
    projector.start();
    await partition.decide([GRANT_ENTRY]);
    await clock.advance(PAUSE_MS);
    recording.fails = true;
    await trips(partition, ['a', 'b']);
    await clock.advance(60_000);
    await trips(partition, ['c']);
    expect(projector.projectedSeq).toBe(1);
    recording.fails = false;
    await clock.advance(5_000);
    expect(projector.projectedSeq).toBe(ledger.head.seq);
    expectGapless(recording.runs, ledger.head.seq);
    expect(log.lines).toEqual(['warn store does not take projections; retrying']);
  });

  it('rests four times as long as an insert takes, however fast the log grows', async () => {
    const { ledger, recording, partition, projector, clock } = start();
    recording.insertTakes = () => clock.sleep(100);
    projector.start();
    for (let elapsedMs = 0; elapsedMs < 5_000; elapsedMs += 20) {
      await partition.append([inputOf({ id: `e${elapsedMs}` })]);
      await clock.advance(20);
    }
    // One insert each 100 ms of work and 400 ms of rest.
    expect(recording.batches.length).toBeGreaterThanOrEqual(9);
    expect(recording.batches.length).toBeLessThanOrEqual(11);
    await clock.advance(2 * PAUSE_MS);
    expectGapless(recording.runs, ledger.head.seq);
  });

  it('rests less while another full insert is waiting', async () => {
    const { ledger, recording, partition, projector, clock } = start();
    const many = Array.from({ length: LIMITS.commitEntries }, (_, i) => inputOf({ id: `e${i}` }));
    for (let round = 0; round < 8; round += 1) await partition.append(many);
    await partition.idle();
    recording.insertTakes = () => clock.sleep(200);
    projector.start();
    // Four inserts; with the longer rest they would take more than three seconds.
    await clock.advance(2_500);
    expect(projector.projectedSeq).toBe(ledger.head.seq);
    expect(recording.batches).toHaveLength(4);
  });

  it('reads from the ledger what has left its memory', async () => {
    const { ledger, recording, partition, projector, clock } = start();
    recording.fails = true;
    projector.start();
    const many = Array.from({ length: LIMITS.commitEntries }, (_, i) => inputOf({ id: `e${i}` }));
    const rounds = Math.ceil(LIMITS.projectionQueue / many.length) + 1;
    for (let round = 0; round < rounds; round += 1) await partition.append(many);
    await partition.idle();
    recording.fails = false;
    await clock.advance(10_000);
    expect(projector.projectedSeq).toBe(ledger.head.seq);
    expectGapless(recording.runs, ledger.head.seq);
  });

  it('shows decisions that were recorded late in their place', async () => {
    const { ledger, recording, partition, projector, clock } = start();
    projector.start();
    await partition.decide([GRANT_ENTRY]);
    ledger.refuses = (entries) => entries.some(({ kind }) => kind === 'finding');
    await trips(partition, ['a']);
    await clock.advance(PAUSE_MS);
    expect(projector.projectedSeq).toBe(2);
    ledger.refuses = () => false;
    await trips(partition, ['b']);
    await clock.advance(PAUSE_MS);
    expectGapless(recording.runs, ledger.head.seq);
    expect(recording.batches.flatMap(({ findings }) => findings)).toHaveLength(2);
  });

  it('tells who waits for a sequence, and lets go of them when it closes', async () => {
    const { recording, partition, projector, clock } = start();
    const seen: number[] = [];
    for (const seq of [1, 2, 99]) {
      void projector.reached(seq).then(() => seen.push(seq));
    }
    projector.start();
    await partition.decide([GRANT_ENTRY]);
    await clock.advance(PAUSE_MS);
    expect(seen).toEqual([1]);
    recording.fails = true;
    await partition.decide([inputOf({ id: 'a' })]);
    await clock.advance(PAUSE_MS);
    expect(seen).toEqual([1]);
    await Promise.all([projector.close(), projector.close()]);
    await settled();
    expect(seen).toEqual([1, 2, 99]);
    await projector.reached(100);
    expect(clock.sleeping).toBe(0);
  });

  it('complains about a store that is ahead of its ledger', async () => {
    const { projector, recording, log, clock } = start();
    const none = { events: [], findings: [], transitions: [], chainLinks: [] };
    await recording.inner.project({ firstSeq: 1, lastSeq: 50, ...none });
    projector.start();
    await clock.advance(PAUSE_MS);
    expect(log.lines).toEqual([
      'error the store is ahead of the ledger: delete it, and it is rebuilt',
    ]);
  });
});
