import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { storeConformance } from '../testing/conformance.ts';
import { batchOf, storedEvent } from '../testing/rows.ts';
import { systemClock } from '../testing/system-clock.ts';
import { ChdbExecutor } from './chdb-executor.ts';
import { type ChdbStore, createChdbStore } from './chdb-store.ts';
import { DATABASE } from './schema.ts';

const directories: string[] = [];
const installed = isInstalled();
if (!installed) console.warn('chDB is not installed here: its store is NOT tested');

async function optionsFor(directory?: string) {
  const own = directory ?? (await mkdtemp(join(tmpdir(), 'tripcoil-store-')));
  directories.push(own);
  return { directory: own, clock: systemClock, log: SILENT_LOG, metrics: SILENT_METRICS };
}

afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

describe.skipIf(!installed)('chDB store', { timeout: 30_000 }, () => {
  storeConformance(async () => createChdbStore(await optionsFor()));

  it('survives the death of its process: calls reject, then it goes on where it was', async () => {
    const store = await createChdbStore(await optionsFor());
    const events = [1, 2, 3].map((n) => storedEvent({ id: `evt-${n}`, session: { id: 's-1' } }));
    await store.project(batchOf(1, events.slice(0, 1)));

    const cut = store.project(batchOf(2, events.slice(1)));
    const rejected = expect(cut).rejects.toMatchObject({
      code: 'storage_unavailable',
      retryable: true,
    });
    kill(store);
    await rejected;
    expect(store.healthy()).toBe(false);
    await expect(store.chain('*', 's-1', 10)).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
    expect(await store.projectedSeq()).toBe(1);

    await store.recovered();
    expect(store.healthy()).toBe(true);
    await store.project(batchOf(2, events.slice(1)));
    expect(await store.projectedSeq()).toBe(3);
    expect((await store.chain('*', 's-1', 10)).rows.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    await store.close();
    expect(store.healthy()).toBe(false);
  });

  it('remembers rows and runs, with their gap, over a restart', async () => {
    const options = await optionsFor();
    const before = await createChdbStore(options);
    await before.project(batchOf(1, [storedEvent({ session: { id: 's-1' } })]));
    await before.project(batchOf(5, [storedEvent({ session: { id: 's-1' } })]));
    await before.close();
    const after = await createChdbStore(options);
    expect(await after.projectedSeq()).toBe(1);
    expect((await after.chain('*', 's-1', 10)).rows).toHaveLength(2);
    await after.project({ ...batchOf(2, []), lastSeq: 4 });
    expect(await after.projectedSeq()).toBe(5);
    await after.close();
  });

  it('hides what was inserted before a crash and is inserted again after it', async () => {
    const options = await optionsFor();
    const event = storedEvent({ session: { id: 's-1' } });
    const store = await createChdbStore(options);
    await store.project(batchOf(1, [event]));
    await store.close();
    const executor = await ChdbExecutor.open(options);
    await executor.exec(`TRUNCATE TABLE ${DATABASE}.projected`);
    await executor.close();
    const after = await createChdbStore(options);
    expect(await after.projectedSeq()).toBe(0);
    await after.project(batchOf(1, [event]));
    expect((await after.chain('*', 's-1', 10)).rows).toHaveLength(1);
    await after.close();
  });

  it('waits for a directory in use, and says so when it stays so', async () => {
    const options = await optionsFor();
    const store = await createChdbStore(options);
    const waits: number[] = [];
    const hasty: Clock = {
      ...systemClock,
      sleep: async (ms, signal) => {
        if (signal !== undefined) return systemClock.sleep(ms, signal);
        waits.push(ms);
      },
    };
    const second = createChdbStore({ ...options, clock: hasty });
    await expect(second).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(waits).toEqual([250, 500, 1_000, 2_000]);
    await store.close();
  });

  it('leaves no process behind when its parent is killed', async () => {
    const { directory } = await optionsFor();
    const parent = fork(new URL('../testing/parent.ts', import.meta.url), [directory]);
    const [pid] = (await once(parent, 'message')) as [number];
    const [ended] = await Promise.all([once(parent, 'exit'), parent.kill('SIGKILL')]);
    expect(ended).toEqual([null, 'SIGKILL']);
    // Opening succeeds only once the orphan has let go of the directory.
    const store = await createChdbStore(await optionsFor(directory));
    expect(store.processId()).not.toBe(pid);
    await store.close();
  });

  it('lets others have their turn while it builds rows, and cuts what is too much', async () => {
    const executor = await ChdbExecutor.open(await optionsFor());
    await executor.exec('CREATE TABLE t (n UInt32, body String) ENGINE = MergeTree ORDER BY n');
    const body = 'x'.repeat(LIMITS.eventBytes);
    const count = 2 * Math.ceil(LIMITS.storeInsertChars / body.length) + 1;
    let turns = 0;
    let turnsInSlices = 0;
    let done = false;
    const turn = () => {
      turns += 1;
      if (!done) setImmediate(turn);
    };
    setImmediate(turn);
    function* rows() {
      for (let n = 0; n < count; n += 1) {
        if (n === 8) turnsInSlices = turns;
        yield { n, body };
      }
    }
    await executor.insert('t', rows());
    done = true;
    expect(turnsInSlices).toBeGreaterThanOrEqual(4);
    const parts = "SELECT count() AS parts FROM system.parts WHERE table = 't' AND level = 0";
    expect(await executor.exec(parts)).toEqual([{ parts: 3 }]);
    const sums = 'SELECT count() AS rows, uniqExact(n) AS apart, sum(length(body)) AS chars FROM t';
    const chars = count * body.length;
    expect(await executor.exec(sums)).toEqual([{ rows: count, apart: count, chars }]);
    await executor.close();
  });

  it('never repeats a value in an error', async () => {
    const executor = await ChdbExecutor.open(await optionsFor());
    const failing = executor.exec('SELECT toUInt8({x:String})', { x: 'secret-value' });
    await expect(failing).rejects.toSatisfy(
      (error: Error) =>
        error.message.includes('CANNOT_PARSE') && !error.message.includes('secret-value'),
    );
    await executor.close();
  });
});

function kill(store: ChdbStore): void {
  const pid = store.processId();
  if (pid === null) throw new Error('no process');
  process.kill(pid, 'SIGKILL');
}

function isInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('chdb');
    return true;
  } catch {
    return false;
  }
}
