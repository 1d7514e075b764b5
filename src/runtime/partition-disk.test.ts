import { describe, expect, it } from 'vitest';
import { Shard } from '../engine/shard.ts';
import { GRANT_ENTRY, inputOf, OBEDIENT_SHARD, tripInput } from './testing/fixtures.ts';
import { kindsOf, startPartition } from './testing/started-partition.ts';

const isDecision = ({ kind }: { kind: string }) => ['finding', 'transition'].includes(kind);

describe('a failing disk', () => {
  it('refuses senders until the tick finds it working', async () => {
    const { ledger, partition, log } = startPartition();
    ledger.refuses = () => true;
    await expect(partition.append([inputOf({ id: 'a' })])).rejects.toMatchObject({
      code: 'storage_unavailable',
      retryable: true,
    });
    expect(partition.writable).toBe(false);
    await partition.tick();
    expect(partition.writable).toBe(false);
    ledger.refuses = () => false;
    await partition.tick();
    expect(partition.writable).toBe(true);
    expect(kindsOf(ledger)).toEqual(['tick']);
    expect(log.lines).toEqual([
      'error ledger not writable: senders are refused until it is',
      'info ledger writable again',
    ]);
  });

  it('lets decisions out all the same, and records them before anything else', async () => {
    const { ledger, partition, committed, shard } = startPartition();
    await partition.append([GRANT_ENTRY]);
    ledger.refuses = (entries) => entries.some(isDecision);
    const effects = await partition.decide([tripInput('a', 4)]);
    expect(effects).toHaveLength(3);
    expect(committed.at(-1)).toMatchObject({ recorded: false, effects });
    expect([partition.writable, partition.settled]).toEqual([false, false]);
    const { seq } = shard;
    await expect(partition.append([inputOf({ id: 'b' })])).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
    expect(shard.seq).toBe(seq);
    ledger.refuses = () => false;
    await partition.append([inputOf({ id: 'c' })]);
    await partition.idle();
    expect(kindsOf(ledger)).toEqual([
      'grant',
      'input',
      'finding',
      'transition',
      'revocation',
      'input',
    ]);
    expect([partition.writable, partition.settled]).toEqual([true, true]);
    const decided = ledger.entries.filter(isDecision).map(({ body }) => JSON.parse(body));
    expect(decided.map(({ late }) => late)).toEqual([true, true]);
    const told = committed.flatMap((cycle) => cycle.entries.map((entry) => entry.seq));
    expect(told).toEqual(ledger.entries.map((entry) => entry.seq));
  });

  it('takes nothing in while it owes decisions, whatever failed before', async () => {
    const turn = Promise.withResolvers<void>();
    const { ledger, partition, committed } = startPartition(
      new Shard(OBEDIENT_SHARD),
      () => turn.promise,
    );
    await partition.append([GRANT_ENTRY]);
    ledger.refuses = (entries) => {
      if (entries.some(({ body }) => body.includes('poison'))) throw new Error('too large');
      return entries.some(isDecision);
    };
    await partition.append([tripInput('a', 4)]);
    const after = [
      partition.append([inputOf({ id: 'poison' })]),
      partition.append([inputOf({ id: 'b' })]),
    ];
    turn.resolve();
    const outcomes = await Promise.allSettled(after);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(partition.settled).toBe(false);
    ledger.refuses = () => false;
    await partition.append([inputOf({ id: 'd' })]);
    await partition.idle();
    const decisions = ['finding', 'transition', 'revocation'];
    expect(kindsOf(ledger)).toEqual(['grant', 'input', ...decisions, 'input']);
    const told = committed.flatMap((cycle) => cycle.entries.map((entry) => entry.seq));
    expect(told).toEqual(ledger.entries.map((entry) => entry.seq));
  });

  it('tries the decisions it owes once more when it closes, and only once', async () => {
    const { ledger, partition } = startPartition();
    await partition.append([GRANT_ENTRY]);
    ledger.refuses = (entries) => entries.some(isDecision);
    await partition.decide([tripInput('a', 4)]);
    ledger.refuses = () => false;
    await Promise.all([partition.close(), partition.close()]);
    expect(kindsOf(ledger).slice(2)).toEqual(['finding', 'transition', 'revocation']);
    expect(partition.settled).toBe(true);
  });

  it('blames only the call whose entry the ledger cannot take', async () => {
    const { ledger, partition } = startPartition();
    const release = ledger.hold();
    ledger.refuses = (entries) => {
      if (entries.some(({ body }) => body.includes('poison'))) throw new Error('too large');
      return false;
    };
    const first = partition.append([inputOf({ id: 'first' })]);
    const good = partition.append([inputOf({ id: 'good' })]);
    const bad = partition.append([inputOf({ id: 'poison' })]);
    const refused = expect(bad).rejects.toThrow('too large');
    release();
    await Promise.all([first, good, refused]);
    expect(partition.writable).toBe(true);
    expect(ledger.entries).toHaveLength(2);
  });
});
