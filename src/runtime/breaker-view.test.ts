import { describe, expect, it } from 'vitest';
import type { BreakerState } from '../core/breaker.ts';
import { LIMITS } from '../core/limits.ts';
import { put } from '../engine/breaker/board.ts';
import { START } from '../engine/testing/entries.ts';
import type { FeedDelta } from '../ports/breakers.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { createBreakerView } from './breaker-view.ts';
import type { Unplaced } from './entries.ts';
import { FeedReaders } from './feed-readers.ts';
import { Partition } from './partition.ts';
import { FakeClock } from './testing/fake-clock.ts';
import {
  BOT,
  GRANT_ENTRY,
  inputOf,
  obedientShard,
  RecordingLog,
  SECRET_REDACTOR,
  tripInput,
} from './testing/fixtures.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';

async function start() {
  const ledger = new MemoryLedger();
  const clock = new FakeClock(START);
  const shard = obedientShard();
  const log = new RecordingLog();
  const partition = new Partition({ shard, ledger, clock, log, metrics: SILENT_METRICS });
  const view = createBreakerView(partition, SECRET_REDACTOR, new FeedReaders(clock));
  await partition.decide([GRANT_ENTRY]);
  return { ledger, clock, partition, view, shard };
}

const reset = (epoch: number, id = 'bot'): Unplaced => ({
  kind: 'command',
  tenant: 'acme',
  body: { type: 'reset', actor: 'kim', reason: 'checked', key: { ...BOT, id }, epoch },
});

describe('a snapshot of the feed', () => {
  it('holds what is open, and is as good as the deltas before it', async () => {
    const { partition, view } = await start();
    expect(view.snapshot('acme')).toEqual({
      tenant: 'acme',
      term: 0,
      seq: 0,
      posture: 'enforce',
      breakers: [],
      revokedBefore: [],
    });
    await partition.decide([tripInput('a', 4), tripInput('b', 2, 'other')]);
    await partition.decide([reset(1)]);
    const { seq, breakers } = view.snapshot('acme');
    expect(seq).toBe(3);
    expect(breakers.map(({ key, state }) => [key.id, state.phase, state.epoch])).toEqual([
      ['other', 'open', 1],
    ]);
    expect(breakers[0]?.title).toBe('asked for level 2');
  });

  it('tells whose earlier tokens are dead, also once they are back, for a day', async () => {
    const { clock, partition, view } = await start();
    await partition.decide([tripInput('a', 4), tripInput('b', 3, 'other')]);
    await partition.decide([reset(1)]);
    expect(view.snapshot('acme').revokedBefore).toEqual([{ agent: 'bot', epoch: 1 }]);
    await partition.decide([tripInput('c', 4), reset(3)]);
    expect(view.snapshot('acme').revokedBefore).toEqual([{ agent: 'bot', epoch: 3 }]);
    await clock.advance(LIMITS.revokedBeforeMs);
    await partition.decide([reset(9, 'other')]);
    expect(view.snapshot('acme').revokedBefore).toEqual([]);
  });

  it('comes with the risk of the agent asked about, beside an answer', async () => {
    const { partition, view } = await start();
    await partition.decide([tripInput('a', 2)]);
    expect(view.check({ tenant: 'acme', agent: 'bot' }).risk).toBe(90);
    expect(view.check({ tenant: 'acme', session: 's-1' })).not.toHaveProperty('risk');
    expect(view.check({ tenant: 'acme', agent: 'stranger' })).not.toHaveProperty('risk');
  });

  it('comes with the rate that probation allows, beside an answer', async () => {
    const { partition, view, shard } = await start();
    await partition.decide([tripInput('a', 1), tripInput('b', 4, 'other')]);
    expect(view.check({ tenant: 'acme', agent: 'other' })).not.toHaveProperty('ratePerMin');
    const { board } = shard.tenant('acme');
    const { entries } = board;
    const held = { step: 25, ratePerMin: 1.5, level: 2, heldLevel: 4, epoch: 2, reason: 'x' };
    const known = entries.get('acme/agent/other');
    if (known?.state.phase !== 'open') throw new Error('not open');
    const state = { ...known.state, ...held, phase: 'probation' } as unknown as BreakerState;
    put(board, { ...known, state });
    expect(view.check({ tenant: 'acme', agent: 'other' })).toMatchObject({ ratePerMin: 1.5 });
  });

  it('of a tenant never seen is calm, in the posture a new tenant has', async () => {
    const { view } = await start();
    expect(view.snapshot('globex')).toMatchObject({ seq: 0, posture: 'enforce', breakers: [] });
    expect(view.since('globex', 0)).toEqual([]);
    expect(view.check({ tenant: 'globex', agent: 'bot' })).toMatchObject({ allow: true, level: 0 });
  });
});

describe('what was missed', { timeout: 30_000 }, () => {
  it('is told without gap, or not at all', async () => {
    const { partition, view } = await start();
    await partition.decide([tripInput('a', 4)]);
    await partition.decide([reset(1)]);
    await partition.decide([tripInput('b', 5)]);
    const seqs = (seq: number) =>
      view.since('acme', seq)?.map(({ transition }) => transition.feedSeq) ?? null;
    expect([0, 1, 2, 3].map(seqs)).toEqual([[1, 2, 3], [2, 3], [3], []]);
    expect([-1, 4].map(seqs)).toEqual([null, null]);
  });

  it('cannot be told once it has left the ring', async () => {
    const { partition, view } = await start();
    for (let left = LIMITS.feedRing + 2; left > 0; left -= 1_000) {
      const count = Math.min(1_000, left);
      await partition.decide(
        Array.from({ length: count }, (_, i) => tripInput(`${left}-${i}`, 2, `bot-${left}-${i}`)),
      );
    }
    expect(view.snapshot('acme').seq).toBe(LIMITS.feedRing + 2);
    expect(view.since('acme', 1)).toBeNull();
    expect(view.since('acme', 2)).toHaveLength(LIMITS.feedRing);
  });
});

describe('subscribers', () => {
  it('hear each transition once, in order, and nothing after they leave', async () => {
    const { partition, view } = await start();
    const heard: FeedDelta[] = [];
    const leave = view.subscribe((delta) => heard.push(delta));
    await partition.decide([tripInput('a', 2), inputOf({ id: 'b' }), tripInput('c', 4)]);
    await partition.decide([reset(2)]);
    expect(heard.map(({ transition }) => [transition.feedSeq, transition.to])).toEqual([
      [1, 'open'],
      [2, 'open'],
      [3, 'closed'],
    ]);
    leave();
    await partition.decide([tripInput('d', 4)]);
    expect(heard).toHaveLength(3);
  });

  it('hear what the disk refused to record', async () => {
    const { ledger, partition, view } = await start();
    let heard = 0;
    view.subscribe(() => {
      heard += 1;
    });
    ledger.refuses = (entries) => entries.some(({ kind }) => kind === 'transition');
    await partition.decide([tripInput('a', 4)]);
    expect(heard).toBe(1);
  });
});

describe('a check', () => {
  it('answers with the highest breaker that matches', async () => {
    const { partition, view } = await start();
    const onSession = { trip: 4, key: 'session' };
    await partition.decide([
      tripInput('a', 2),
      inputOf({ id: 'b', session: { id: 's-1' }, attrs: onSession }),
    ]);
    expect(view.check({ tenant: 'acme', agent: 'bot', session: 's-2' })).toMatchObject({
      allow: true,
      level: 2,
      reason: 'obedient',
      class: 'deterministic',
    });
    // Who names no session may be in any.
    expect(view.check({ tenant: 'acme', agent: 'bot' })).toMatchObject({ allow: false, level: 4 });
    expect(view.check({ tenant: 'acme', agent: 'bot', session: 's-1' })).toMatchObject({
      allow: false,
      level: 4,
      key: { kind: 'session', id: 's-1' },
    });
    expect(view.check({ tenant: 'globex', agent: 'bot', session: 's-1' }).allow).toBe(true);
  });

  it('is asked in the names of the broker and answered in those of the log', async () => {
    const { partition, view } = await start();
    await partition.decide([tripInput('a', 4, '[x]-bot')]);
    expect(view.check({ tenant: 'acme', agent: 'secret-bot' }).allow).toBe(false);
  });
});
