import { describe, expect, it } from 'vitest';
import { SYSTEM_TENANT } from '../core/entry.ts';
import type { RetentionPolicy } from '../core/retention.ts';
import { DAY_MS } from '../core/time.ts';
import type { LedgerRetention } from '../ports/ledger-retention.ts';
import { Partition } from './partition.ts';
import { Retention } from './retention.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { inputOf, obedientShard, RecordingLog, RecordingMetrics } from './testing/fixtures.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const KEPT: RetentionPolicy = { evidenceDays: null, searchDays: null };
const QUARTER: RetentionPolicy = { evidenceDays: 90, searchDays: 90 };

async function start(policies: Readonly<Record<string, RetentionPolicy>>) {
  const clock = new FakeClock(NOW);
  const ledger = new MemoryLedger();
  const log = new RecordingLog();
  const metrics = new RecordingMetrics();
  const partition = new Partition({ shard: obedientShard(), ledger, clock, log, metrics });
  for (const id of Object.keys(policies)) {
    const event = { id, tenant: { id } } as Parameters<typeof inputOf>[0];
    await partition.decide([inputOf(event)]);
  }
  const did: string[] = [];
  const world = { held: '', snapshot: true, months: ['2026-05', '2026-07'] };
  const retention: LedgerRetention = {
    months: async (_tenant, endedBy) =>
      world.months.filter((month) => Date.parse(`${month}-28`) < endedBy),
    expire: async (tenant, months) => {
      did.push(`expire ${tenant} ${months.join()}`);
      return { months, keys: months.length };
    },
    deleteSegments: async () => ({ segments: did.length > 0 ? 1 : 0, firstSeq: 9 }),
    seqSince: async (time) => Math.floor(time / DAY_MS),
  };
  const store = {
    erase: async (tenant: string, needles: unknown, before: number) => {
      const day = new Date(before * DAY_MS).toISOString().slice(0, 10);
      did.push(`rows ${tenant} ${needles} before ${day}`);
    },
  };
  const keeping = new Retention({
    host: {
      partition,
      snapshot: async () => {
        did.push('snapshot');
        return world.snapshot;
      },
    },
    ...{ retention, store, clock, log },
    policyOf: (tenant) => policies[tenant] ?? KEPT,
    heldBecause: (tenant) => (tenant === world.held ? 'a court asked' : null),
  });
  const recorded = () =>
    ledger.entries
      .filter(({ kind, tenant }) => kind === 'key' && tenant === SYSTEM_TENANT)
      .map(({ body }) => JSON.parse(body));
  return { keeping, did, world, recorded, clock };
}

describe('retention', () => {
  it('expires months after a snapshot, then rows, then segments, and records it', async () => {
    const { keeping, did, recorded } = await start({ acme: QUARTER, globex: KEPT });
    await keeping.look();
    expect(did).toEqual([
      'snapshot',
      'expire acme 2026-05,2026-07',
      'rows acme * before 2026-08-01',
    ]);
    expect(recorded()).toEqual([
      { type: 'expiry_begun', of: 'acme', months: ['2026-05', '2026-07'] },
      { type: 'expired', of: 'acme', months: ['2026-05', '2026-07'], keys: 2 },
      { type: 'rows_expired', of: 'acme', before_seq: expect.any(Number) },
      { type: 'segments_deleted', segments: 1, first_seq: 9 },
    ]);
    did.splice(0);
    await keeping.look();
    expect(did.filter((each) => each.startsWith('rows'))).toEqual([]);
  });

  it('keeps rows for a shorter time where search is', async () => {
    const { keeping, did, clock } = await start({ acme: { evidenceDays: null, searchDays: 10 } });
    await keeping.look();
    await clock.leap(DAY_MS);
    await keeping.look();
    expect(did).toEqual(['rows acme * before 2026-11-11', 'rows acme * before 2026-11-12']);
  });

  it('deletes nothing under a hold, and says so once', async () => {
    const { keeping, did, world, recorded } = await start({ acme: QUARTER });
    world.held = 'acme';
    await keeping.look();
    await keeping.look();
    expect(did).toEqual([]);
    expect(recorded()).toEqual([{ type: 'expiry_held', of: 'acme' }]);
  });

  it('deletes nothing without a new snapshot', async () => {
    const { keeping, did, world } = await start({ acme: QUARTER });
    world.snapshot = false;
    await keeping.look();
    expect(did).toEqual(['snapshot']);
  });

  it('looks by the clock until it is closed', async () => {
    const { keeping, did, clock } = await start({ acme: QUARTER });
    keeping.start();
    await clock.leap(DAY_MS);
    expect(did.length).toBeGreaterThan(1);
    await keeping.close();
    did.splice(0);
    await clock.leap(DAY_MS);
    expect(did).toEqual([]);
  });
});
