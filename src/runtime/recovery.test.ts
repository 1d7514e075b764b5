import { describe, expect, it } from 'vitest';
import { ENGINE_VERSION } from '../core/entry.ts';
import { START } from '../engine/testing/entries.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { Partition } from './partition.ts';
import { recover } from './recovery.ts';
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

/** A log with two trips and some calm, and the shard that wrote it. */
async function written() {
  const ledger = new MemoryLedger();
  const shard = obedientShard();
  const log = new RecordingLog();
  const clock = new FakeClock(START);
  const partition = new Partition({ shard, ledger, clock, log, metrics: SILENT_METRICS });
  await partition.decide([GRANT_ENTRY]);
  await partition.decide([inputOf({ id: 'a' }), tripInput('b', 4)]);
  await partition.decide([tripInput('c', 5, 'other'), inputOf({ id: 'd' })]);
  return { ledger, shard };
}

/** A log in which decisions of each cycle stand before the inputs of the next one. */
async function writtenInOneGo() {
  const ledger = new MemoryLedger();
  const options = { shard: obedientShard(), log: new RecordingLog(), clock: new FakeClock(START) };
  const partition = new Partition({ ...options, ledger, metrics: SILENT_METRICS });
  await partition.decide([GRANT_ENTRY]);
  for (const agent of ['one', 'two', 'three']) {
    void partition.append([tripInput(`${agent}-1`, 4, agent), inputOf({ id: `${agent}-2` })]);
    await partition.append([tripInput(`${agent}-3`, 4, `${agent}-other`)]);
  }
  await partition.idle();
  const taken = ledger.entries.filter((entry) => !isDecision(entry)).map(({ seq }) => seq);
  return { ledger, taken };
}

const isDecision = ({ kind }: { readonly kind: string }): boolean =>
  ['finding', 'transition', 'revocation', 'chain'].includes(kind);

function placeAndText({ kind, body }: { readonly kind: string; readonly body: string }): string {
  return `${kind} ${body}`;
}

function recoverFrom(ledger: MemoryLedger, files = new MemorySnapshotFiles()) {
  const snapshots = new Snapshots({ files, ledger, log: new RecordingLog() });
  return recover({ ledger, shard: OBEDIENT_SHARD, snapshots });
}

describe('recovery', () => {
  it('of an empty ledger is an empty engine', async () => {
    const { shard, replayed, completed } = await recoverFrom(new MemoryLedger());
    expect([shard.seq, replayed, completed]).toEqual([0, 0, []]);
  });

  it('gives the state that wrote the log, and writes nothing', async () => {
    const { ledger, shard } = await written();
    const before = ledger.head.hash;
    const recovered = await recoverFrom(ledger);
    expect(stateText(recovered.shard)).toEqual(stateText(shard));
    expect([recovered.replayed, recovered.completed]).toEqual([5, []]);
    expect(ledger.head.hash).toBe(before);
  });

  it.each([1, 2, 3])('completes the last %i decisions that a crash cut off', async (cut) => {
    const { ledger, shard } = await written();
    const lost = ledger.entries.slice(-cut);
    const survived = new MemoryLedger(ledger.entries.slice(0, -cut));
    const { completed, shard: recovered } = await recoverFrom(survived);
    expect(completed).toHaveLength(cut);
    expect(stateText(recovered)).toEqual(stateText(shard));
    expect(survived.entries.slice(-cut)).toEqual(lost);
    expect((await recoverFrom(survived)).completed).toEqual([]);
  });

  it('loses no decision wherever a crash cuts the log, also behind later inputs', async () => {
    const { ledger, taken } = await writtenInOneGo();
    const decisions = (of: MemoryLedger) => of.entries.filter(isDecision).map(placeAndText).sort();
    for (let kept = 0; kept <= ledger.entries.length; kept++) {
      const survived = new MemoryLedger(ledger.entries.slice(0, kept));
      await recoverFrom(survived);
      const inputs = survived.entries.filter((entry) => !isDecision(entry)).length;
      const expected = ledger.entries
        .filter(isDecision)
        .filter((entry) => JSON.parse(entry.body).inputSeq <= (taken[inputs - 1] ?? 0));
      expect(decisions(survived)).toEqual(expected.map(placeAndText).sort());
      expect((await recoverFrom(survived)).completed).toEqual([]);
    }
  });

  it('reads only what a snapshot does not hold', async () => {
    const { ledger, shard } = await written();
    const files = new MemorySnapshotFiles();
    await new Snapshots({ files, ledger, log: new RecordingLog() }).write(shard);
    await ledger.append([
      {
        loggedAt: START,
        kind: 'input',
        tenant: 'acme',
        engineVersion: ENGINE_VERSION,
        body: JSON.stringify(inputOf({ id: 'e' }).body),
      },
    ]);
    const recovered = await recoverFrom(ledger, files);
    expect(recovered.replayed).toBe(1);
    expect(stateText(recovered.shard)).toEqual(stateText((await recoverFrom(ledger)).shard));
  });

  it('refuses to go on over a record that this engine does not decide', async () => {
    const { ledger } = await written();
    const at = ledger.entries.findIndex(({ kind }) => kind === 'transition');
    const entry = ledger.entries[at]!;
    const forged = { ...entry, body: entry.body.replace('"level":4', '"level":3') };
    expect(forged.body).not.toBe(entry.body);
    await expect(
      recoverFrom(new MemoryLedger(ledger.entries.with(at, forged))),
    ).rejects.toMatchObject({
      code: 'ledger_corrupt',
      message: expect.stringContaining(`transition at sequence ${entry.seq} `),
    });
  });

  it('refuses a decision recorded twice or out of nothing', async () => {
    const { ledger } = await written();
    const finding = ledger.entries.find(({ kind }) => kind === 'finding')!;
    const twice = new MemoryLedger([...ledger.entries, { ...finding, seq: ledger.head.seq + 1 }]);
    await expect(recoverFrom(twice)).rejects.toMatchObject({ code: 'ledger_corrupt' });
  });

  it('leaves decisions of another engine version as they are', async () => {
    const { ledger } = await written();
    const other = ledger.entries.map((entry) =>
      entry.kind === 'finding'
        ? {
            ...entry,
            engineVersion: ENGINE_VERSION + 1,
            body: entry.body.replace('asked', 'ASKED'),
          }
        : entry,
    );
    const { completed } = await recoverFrom(new MemoryLedger(other));
    expect(completed).toEqual([]);
  });

  it('does not start on a disk that refuses what is missing', async () => {
    const { ledger } = await written();
    const cut = new MemoryLedger(ledger.entries.slice(0, -1));
    cut.refuses = () => true;
    await expect(recoverFrom(cut)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});
