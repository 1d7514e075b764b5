import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { HOUR_MS } from '../core/time.ts';
import { Shard } from '../engine/shard.ts';
import { OBEDIENT, START } from '../engine/testing/entries.ts';
import type { Unplaced } from './entries.ts';
import { recover } from './recovery.ts';
import { Snapshots } from './snapshots.ts';
import { settled } from './testing/fake-clock.ts';
import { GRANT_ENTRY, inputOf, OBEDIENT_SHARD, stateText, tripInput } from './testing/fixtures.ts';
import type { MemoryLedger } from './testing/memory-ledger.ts';
import { MemorySnapshotFiles } from './testing/memory-snapshot-files.ts';
import { kindsOf, startPartition } from './testing/started-partition.ts';

/** The kinds of entries of each append, which is one fsync each. */
function appendsOf(ledger: MemoryLedger): string[][] {
  const appends: string[][] = [];
  const append = ledger.append.bind(ledger);
  ledger.append = (entries) => {
    appends.push(entries.map(({ kind }) => kind));
    return append(entries);
  };
  return appends;
}

const trip: Unplaced = {
  kind: 'command',
  tenant: 'acme',
  body: {
    type: 'trip',
    actor: 'kim',
    reason: 'stop',
    level: 4,
    key: { tenant: 'acme', kind: 'agent', id: 'held' },
  },
};

describe('acknowledging', () => {
  it('waits for the disk, and for nothing but the disk', async () => {
    const { ledger, partition, shard } = startPartition();
    const release = ledger.hold();
    let acknowledged = false;
    const appended = partition.append([inputOf({ id: 'a' })]).then(() => {
      acknowledged = true;
    });
    await settled();
    expect([acknowledged, shard.seq]).toEqual([false, 0]);
    release();
    await appended;
    expect(ledger.entries).toHaveLength(1);
  });

  it('does not wait for the decisions, which `decide` does', async () => {
    const { ledger, partition } = startPartition();
    await partition.append([GRANT_ENTRY]);
    let decided = false;
    const effects = partition.decide([tripInput('a', 4)]);
    void effects.then(() => {
      decided = true;
    });
    await settled();
    expect(decided).toBe(true);
    expect((await effects).map(({ kind }) => kind)).toEqual([
      'finding',
      'transition',
      'revocation',
    ]);
    expect(kindsOf(ledger)).toEqual(['grant', 'input', 'finding', 'transition', 'revocation']);
  });

  it('gives each call its own effects', async () => {
    const { partition } = startPartition();
    await partition.append([GRANT_ENTRY]);
    const calls = [
      partition.decide([tripInput('a', 4, 'one')]),
      partition.decide([inputOf({ id: 'b' })]),
      partition.decide([tripInput('c', 4, 'two'), tripInput('d', 4, 'three')]),
    ];
    const agents = (await Promise.all(calls)).map((effects) =>
      effects.flatMap((effect) => (effect.kind === 'finding' ? effect.decision.agent : [])),
    );
    expect(agents).toEqual([['one'], [], ['two', 'three']]);
  });

  it('goes out before the fold, which waits for its turn', async () => {
    let turn = Promise.withResolvers<void>();
    const { partition, shard } = startPartition(new Shard(OBEDIENT_SHARD), () => turn.promise);
    await partition.append([GRANT_ENTRY]);
    expect(shard.seq).toBe(1);
    await partition.append([tripInput('a', 4)]);
    await settled();
    expect([shard.seq, partition.queued, partition.settled]).toEqual([1, 0, false]);
    turn.resolve();
    await partition.idle();
    expect(shard.seq).toBe(2);
    // Whoever gives an order waits for no turn, and finds it obeyed.
    turn = Promise.withResolvers<void>();
    await partition.append([{ kind: 'tick', tenant: '_system', body: {} }]);
    expect(shard.seq).toBe(6);
  });

  it('takes one fsync for decisions and for what waits by then', async () => {
    const turn = Promise.withResolvers<void>();
    const { ledger, partition } = startPartition(new Shard(OBEDIENT_SHARD), () => turn.promise);
    await partition.append([GRANT_ENTRY]);
    const appends = appendsOf(ledger);
    await partition.append([tripInput('a', 4)]);
    const next = [
      partition.append([inputOf({ id: 'b' })]),
      partition.append([tripInput('c', 4, 'c')]),
    ];
    turn.resolve();
    await Promise.all(next);
    await partition.idle();
    const decisions = ['finding', 'transition', 'revocation'];
    expect(appends).toEqual([['input'], [...decisions, 'input', 'input'], decisions]);
  });

  it('takes an empty call for done', async () => {
    const { ledger, partition } = startPartition();
    await partition.append([]);
    expect(await partition.decide([])).toEqual([]);
    await partition.append([inputOf({ id: 'a' })]);
    expect(ledger.entries).toHaveLength(1);
  });
});

describe('the order', () => {
  it('of the fold is the order of the log', async () => {
    const { ledger, partition, committed } = startPartition();
    await partition.append([GRANT_ENTRY]);
    const ids = Array.from({ length: 300 }, (_, index) => `e${index}`);
    await Promise.all(ids.map((id) => partition.append([inputOf({ id })])));
    await partition.idle();
    const folded = committed.flatMap((cycle) => cycle.folded);
    expect(folded.map(({ seq }) => seq)).toEqual(ledger.entries.map(({ seq }) => seq));
    const told = folded.flatMap((entry) => (entry.kind === 'input' ? entry.body.id : []));
    expect(told).toEqual(ids);
  });

  it('puts orders before the events that wait, and groups what waits', async () => {
    const { ledger, partition, committed } = startPartition();
    const release = ledger.hold();
    const first = partition.append([inputOf({ id: 'first' })]);
    const flood = Array.from({ length: 50 }, (_, i) =>
      partition.append([inputOf({ id: `e${i}` })]),
    );
    const order = partition.decide([trip]);
    release();
    await Promise.all([first, order, ...flood]);
    expect(kindsOf(ledger).slice(0, 3)).toEqual(['input', 'command', 'input']);
    expect(committed).toHaveLength(2);
  });

  it('stamps a log time that never goes back', async () => {
    const { ledger, clock, partition } = startPartition();
    await partition.append([inputOf({ id: 'a' })]);
    clock.set(START - HOUR_MS);
    await partition.append([inputOf({ id: 'b' })]);
    clock.set(START + 5);
    await partition.append([inputOf({ id: 'c' })]);
    expect(ledger.entries.map(({ loggedAt }) => loggedAt)).toEqual([START, START, START + 5]);
  });
});

describe('too much', { timeout: 30_000 }, () => {
  it('refuses events beyond the limit as retryable, and takes them again later', async () => {
    const { ledger, partition } = startPartition();
    const release = ledger.hold();
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => inputOf({ id: `e${count}-${i}` }));
    const full = partition.append(many(LIMITS.queuedEvents / 2), 'acme');
    expect(partition.queued).toBe(LIMITS.queuedEvents / 2);
    const one = [inputOf({ id: 'x' })];
    const refused = { code: 'over_share', retryable: true };
    await expect(partition.append(one, 'acme')).rejects.toMatchObject(refused);
    await expect(partition.append(many(300), 'acme')).rejects.toMatchObject(refused);
    // Another tenant finds half of the rest, and for more than that nobody has room.
    const others = partition.append(many(LIMITS.queuedEvents / 4), 'globex');
    const tooMany = partition.append(many(LIMITS.queuedEvents / 4), 'initech');
    await expect(tooMany).rejects.toMatchObject({ code: 'overloaded', retryable: true });
    release();
    await Promise.all([full, others]);
    await partition.append(one, 'acme');
    expect(partition.queued).toBe(0);
  });

  it('still takes an operator’s order', async () => {
    const { ledger, partition, shard } = startPartition();
    const release = ledger.hold();
    const full = Array.from({ length: LIMITS.recordsPerBody }, (_, i) => inputOf({ id: `e${i}` }));
    const flood = partition.append(full);
    const order = partition.decide([trip]);
    release();
    await Promise.all([flood, order]);
    expect(shard.tenant('acme').board.entries.size).toBe(1);
  });

  it('bounds the orders too', async () => {
    const { ledger, partition } = startPartition();
    const release = ledger.hold();
    const calls = Array.from({ length: LIMITS.queuedOrders }, () => partition.decide([trip]));
    await expect(partition.decide([trip])).rejects.toMatchObject({ code: 'overloaded' });
    release();
    await Promise.all(calls);
  });
});

describe('a fault of ours', () => {
  it('in a follower stops nobody else', async () => {
    const { partition, log } = startPartition();
    partition.onCommitted(() => {
      throw new Error('follower');
    });
    let seen = 0;
    partition.onCommitted(() => {
      seen += 1;
    });
    await partition.append([inputOf({ id: 'a' })]);
    await partition.append([inputOf({ id: 'b' })]);
    await partition.idle();
    expect(seen).toBe(2);
    expect(log.lines).toContain('error a follower of the log failed');
  });

  it('in the fold stops the engine and answers everybody who waits', async () => {
    class BrokenShard extends Shard {
      override apply(): never {
        throw new Error('bug');
      }
    }
    const { ledger, partition } = startPartition(new BrokenShard(OBEDIENT_SHARD));
    const release = ledger.hold();
    const poison = partition.append([inputOf({ id: 'a' })]);
    const proposal = partition.decide([inputOf({ id: 'b' })]);
    const refused = expect(proposal).rejects.toMatchObject({ code: 'internal' });
    release();
    await Promise.all([poison, refused]);
    await expect(partition.append([inputOf({ id: 'c' })])).rejects.toMatchObject({
      code: 'internal',
    });
    expect([partition.writable, partition.settled]).toEqual([false, false]);
    await partition.close();
  });
});

describe('a detector that fails', () => {
  it('stops neither the engine nor the next start', async () => {
    const failing = {
      ...OBEDIENT,
      id: 'failing',
      observe: () => {
        throw new TypeError('of [x]');
      },
    };
    const options = {
      registry: { detectors: [failing, OBEDIENT] },
      initialPosture: 'enforce',
    } as const;
    const { ledger, partition, shard, log } = startPartition(new Shard(options));
    await partition.append([GRANT_ENTRY]);
    await partition.decide([tripInput('a', 4)]);
    await partition.decide([tripInput('b', 4, 'other')]);
    expect(kindsOf(ledger).filter((kind) => kind === 'transition')).toHaveLength(2);
    const snapshots = new Snapshots({ files: new MemorySnapshotFiles(), ledger, log });
    const again = await recover({ ledger, shard: options, snapshots });
    expect(again.completed).toEqual([]);
    expect(stateText(again.shard)).toEqual(stateText(shard));
    expect(JSON.stringify(ledger.entries)).not.toContain('of [x]');
  });
});

describe('time', () => {
  const timed = { ...OBEDIENT, family: 'statistical' } as const;
  const shard = () => new Shard({ registry: { detectors: [timed] }, initialPosture: 'enforce' });

  it('ticks only for what waits, and closes what is due', async () => {
    const { ledger, clock, partition } = startPartition(shard());
    await partition.append([GRANT_ENTRY]);
    await partition.decide([tripInput('a', 3)]);
    const before = ledger.entries.length;
    await partition.tick();
    expect(ledger.entries).toHaveLength(before);
    await clock.advance(HOUR_MS);
    await partition.tick();
    await partition.idle();
    expect(kindsOf(ledger).slice(before)).toEqual(['tick', 'transition']);
  });
});

describe('closing', () => {
  it('takes in what waits and refuses what comes later', async () => {
    const { ledger, partition } = startPartition();
    const release = ledger.hold();
    const waiting = [
      partition.append([inputOf({ id: 'a' })]),
      partition.append([inputOf({ id: 'b' })]),
    ];
    const closing = partition.close();
    await expect(partition.append([inputOf({ id: 'c' })])).rejects.toMatchObject({
      code: 'overloaded',
      retryable: true,
    });
    release();
    await Promise.all([...waiting, closing]);
    expect(ledger.entries).toHaveLength(2);
  });
});
