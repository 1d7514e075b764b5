import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { REGISTRY } from '../components.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { Shard, type ShardOptions } from '../engine/shard.ts';
import { START } from '../engine/testing/entries.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { Partition } from './partition.ts';
import { nodeSnapshotFiles } from './snapshot-files.ts';
import { Snapshots } from './snapshots.ts';
import { FakeClock } from './testing/fake-clock.ts';
import {
  GRANT_ENTRY,
  inputOf,
  OBEDIENT_SHARD,
  obedientShard,
  RecordingLog,
  stateText,
  tripInput,
} from './testing/fixtures.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';
import { MemorySnapshotFiles } from './testing/memory-snapshot-files.ts';

const REAL = { registry: REGISTRY, initialPosture: 'enforce' } as const;

function start(options: ShardOptions = OBEDIENT_SHARD) {
  const ledger = new MemoryLedger();
  const log = new RecordingLog();
  const files = new MemorySnapshotFiles();
  const shard = new Shard(options);
  const clock = new FakeClock(START);
  const partition = new Partition({ shard, ledger, clock, log, metrics: SILENT_METRICS });
  const snapshots = new Snapshots({ files, ledger, log });
  const fresh = () => new Shard(options);
  return { ledger, log, files, shard, partition, snapshots, fresh, clock };
}

/** Three snapshots, each with more history; the last two are kept. */
async function threeWritten() {
  const world = start();
  const { partition, snapshots, shard, files } = world;
  await partition.decide([GRANT_ENTRY]);
  const states: (readonly string[])[] = [];
  for (const id of ['a', 'b', 'c']) {
    await partition.decide([tripInput(id, 4, id)]);
    await snapshots.write(shard);
    states.push(stateText(shard));
  }
  const [older, newest] = [...files.files.keys()].sort() as [string, string];
  return { ...world, states, older, newest };
}

describe('a snapshot', () => {
  it('restores to the same bytes', async () => {
    const { snapshots, fresh, states, files } = await threeWritten();
    expect(files.files.size).toBe(2);
    const restored = await snapshots.restoreLatest(fresh);
    expect(stateText(restored!)).toEqual(states[2]);
  });

  it('restores real detectors and baselines to the same bytes and the same future', async () => {
    const { partition, snapshots, shard, fresh, clock } = start(REAL);
    await partition.decide([GRANT_ENTRY]);
    const event = (index: number, records: number) =>
      inputOf({
        id: `e${index}`,
        time: clock.now(),
        agent: { id: `bot-${index % 3}` },
        session: { id: `s-${index % 5}` },
        volume: { records, bytesOut: records * 100, costUsd: records / 7 },
      });
    for (let index = 0; index < 600; index += 1) {
      await partition.decide([event(index, 20 + (index % 7))]);
      clock.set(clock.now() + 20 * MINUTE_MS);
    }
    expect(clock.now() - START).toBeGreaterThan(8 * DAY_MS);
    await snapshots.write(shard);
    const restored = await snapshots.restoreLatest(fresh);
    expect(stateText(restored!)).toEqual(stateText(shard));
    const twin = new MemoryLedger();
    const parts = [shard, restored!].map((each) => {
      const ledger = each === shard ? new MemoryLedger() : twin;
      return new Partition({
        shard: each,
        ledger,
        clock,
        log: new RecordingLog(),
        metrics: SILENT_METRICS,
      });
    });
    const spike = Array.from({ length: 30 }, (_, i) => event(1_000 + i, 50_000));
    const [ours, theirs] = await Promise.all(parts.map((part) => part.decide(spike)));
    expect(ours?.length).toBeGreaterThan(0);
    expect(theirs).toEqual(ours);
    expect(stateText(restored!)).toEqual(stateText(shard));
  });

  it('pauses between slices until there is a hurry, and then never again', async () => {
    const { partition, files, ledger, shard, fresh } = start(REAL);
    const events = Array.from({ length: 400 }, (_, i) =>
      inputOf({ id: `e${i}`, time: START, agent: { id: `bot-${i}` }, volume: { records: i } }),
    );
    await partition.decide(events);
    let pauses = 0;
    const pause = (hurry: AbortSignal) => {
      pauses += 1;
      return new Promise((resolve) => hurry.addEventListener('abort', resolve));
    };
    const snapshots = new Snapshots({ files, ledger, log: new RecordingLog(), pause });
    const written = snapshots.write(shard);
    await vi.waitFor(() => expect(pauses).toBe(1));
    snapshots.hurry();
    await written;
    await snapshots.write(shard);
    expect(pauses).toBe(1);
    expect(stateText((await snapshots.restoreLatest(fresh))!)).toEqual(stateText(shard));
  });

  it('is of the moment it was asked for, and never overtakes another', async () => {
    const { partition, snapshots, shard, fresh } = start();
    await partition.decide([GRANT_ENTRY]);
    const first = snapshots.write(shard);
    const state = stateText(shard);
    const second = partition.decide([tripInput('a', 4)]).then(() => snapshots.write(shard));
    expect(snapshots.busy).toBe(true);
    await first;
    expect(stateText((await snapshots.restoreLatest(fresh))!)).toEqual(state);
    await second;
    await snapshots.idle();
    expect(snapshots.busy).toBe(false);
    expect(stateText((await snapshots.restoreLatest(fresh))!)).toEqual(stateText(shard));
  });

  it('that cannot be written is logged and missed by nobody', async () => {
    const { files, log, snapshots, shard, partition, fresh } = start();
    await partition.decide([GRANT_ENTRY]);
    files.refuses = true;
    await snapshots.write(shard);
    expect(log.lines).toEqual(['warn snapshot not written; the next start replays more']);
    files.refuses = false;
    await snapshots.write(shard);
    expect(await snapshots.restoreLatest(fresh)).not.toBeNull();
  });

  it('of nothing is not written', async () => {
    const { files, snapshots } = start();
    await snapshots.write(obedientShard());
    expect(files.files.size).toBe(0);
  });
});

describe('a damaged snapshot', () => {
  const damages: [string, (lines: readonly string[]) => readonly string[]][] = [
    ['cut short', (lines) => lines.slice(0, -1)],
    ['cut within a line', (lines) => lines.with(-1, lines.at(-1)!.slice(0, 30))],
    ['empty', () => []],
    ['changed in one digit', (lines) => lines.with(0, lines[0]!.replace('"seq":', '"seq":1'))],
    ['short of a line', (lines) => lines.toSpliced(2, 1)],
    ['reordered', (lines) => [lines[0]!, lines[2]!, lines[1]!, ...lines.slice(3)]],
    ['no JSON', () => ['hello', 'world']],
    ['of another kind', () => ['null', '7']],
  ];

  it.each(damages)('%s gives way to the older one', async (_what, damage) => {
    const { files, snapshots, fresh, states, newest, log } = await threeWritten();
    files.files.set(newest, damage(files.files.get(newest)!));
    expect(stateText((await snapshots.restoreLatest(fresh))!)).toEqual(states[1]);
    expect(log.lines).toEqual(['warn snapshot not usable, trying an older one']);
  });

  it('without an older one gives way to the whole log', async () => {
    const { files, snapshots, fresh, older, newest } = await threeWritten();
    for (const name of [older, newest]) files.files.set(name, []);
    expect(await snapshots.restoreLatest(fresh)).toBeNull();
  });
});

describe('a snapshot of something else', () => {
  it('of another version is left alone', async () => {
    const { files, snapshots, fresh, older, newest } = await threeWritten();
    for (const name of [older, newest]) {
      const lines = files.files.get(name)!;
      files.files.set(name, lines.with(0, lines[0]!.replace(/"version":\d+/, '"version":99')));
    }
    expect(await snapshots.restoreLatest(fresh)).toBeNull();
  });

  it('of another ledger is neither restored nor counted among those kept', async () => {
    const { files, states, log } = await threeWritten();
    expect(states).toHaveLength(3);
    const ledger = new MemoryLedger();
    const shard = obedientShard();
    const clock = new FakeClock(START + HOUR_MS);
    const partition = new Partition({ shard, ledger, clock, log, metrics: SILENT_METRICS });
    const snapshots = new Snapshots({ files, ledger, log });
    expect(await snapshots.restoreLatest(obedientShard)).toBeNull();
    await partition.decide([GRANT_ENTRY]);
    await snapshots.write(shard);
    expect([...files.files.keys()]).toEqual(['snapshot-00000000000000000001.ndjson']);
    expect(stateText((await snapshots.restoreLatest(obedientShard))!)).toEqual(stateText(shard));
  });

  it('of another ledger is not restored once that one has grown past it', async () => {
    const { files, log } = await threeWritten();
    const ledger = new MemoryLedger();
    const shard = obedientShard();
    const clock = new FakeClock(START + HOUR_MS);
    const partition = new Partition({ shard, ledger, clock, log, metrics: SILENT_METRICS });
    const snapshots = new Snapshots({ files, ledger, log });
    for (let index = 0; index < 30; index += 1) {
      await partition.decide([inputOf({ id: `other-${index}` })]);
    }
    expect(await snapshots.restoreLatest(obedientShard)).toBeNull();
  });
});

async function* slices(...given: (readonly string[])[]) {
  yield* given;
}

describe('the files on disk', () => {
  let directory = '';
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'tripcoil-snapshots-')), 'snapshots');
  });
  afterEach(() => rm(join(directory, '..'), { recursive: true }));

  it('come back line by line, readable by their owner alone, leftovers unseen', async () => {
    const files = nodeSnapshotFiles(directory);
    expect(await files.list()).toEqual([]);
    await files.write('one', slices(['{"a":"ü"}'], ['{"b":2}']));
    await writeFile(join(directory, 'two.partial'), 'x');
    expect(await files.list()).toEqual(['one']);
    expect(await readFile(join(directory, 'one'), 'utf8')).toBe('{"a":"ü"}\n{"b":2}\n');
    expect(await Array.fromAsync(files.lines('one'))).toEqual(['{"a":"ü"}', '{"b":2}']);
    expect((await stat(join(directory, 'one'))).mode & 0o777).toBe(0o600);
    await files.write('one', slices(['{}']));
    expect(await Array.fromAsync(files.lines('one'))).toEqual(['{}']);
    await files.remove('one');
    await files.remove('one');
    expect(await files.list()).toEqual([]);
    await expect(Array.fromAsync(files.lines('one'))).rejects.toThrow();
  });
});
