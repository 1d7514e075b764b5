import { describe, expect, it } from 'vitest';
import type { TenantConfig } from '../core/entry.ts';
import type { GrantSet } from '../core/grant.ts';
import { HOUR_MS, SECOND_MS } from '../core/time.ts';
import { START } from '../engine/testing/entries.ts';
import { createMemoryStore } from '../store/memory/memory-store.ts';
import { type EngineHostOptions, startEngineHost } from './engine-host.ts';
import { FakeClock, settled } from './testing/fake-clock.ts';
import {
  BOT,
  BROKER,
  GRANTS,
  OBEDIENT_SHARD,
  RecordingLog,
  RecordingMetrics,
  ScriptedReceiver,
  SECRET_REDACTOR,
  stateText,
  tripOf,
} from './testing/fixtures.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';
import { MemorySnapshotFiles } from './testing/memory-snapshot-files.ts';

class Place {
  readonly ledger = new MemoryLedger();
  readonly files = new MemorySnapshotFiles();
  readonly receiver = new ScriptedReceiver();
  readonly clock = new FakeClock(START);
  readonly log = new RecordingLog();
  readonly metrics = new RecordingMetrics();

  start(overrides: Partial<EngineHostOptions> = {}) {
    return startEngineHost({
      ledger: this.ledger,
      store: createMemoryStore(),
      redactor: SECRET_REDACTOR,
      receivers: [this.receiver],
      shard: OBEDIENT_SHARD,
      snapshotDirectory: '/never',
      snapshotFiles: this.files,
      software: 'test',
      tenantConfigs: new Map(),
      grants: new Map([['acme', GRANTS]]),
      clock: this.clock,
      log: this.log,
      metrics: this.metrics,
      jitter: () => 1,
      ...overrides,
    });
  }

  kinds(): readonly string[] {
    return this.ledger.entries.map(({ kind }) => kind);
  }
}

const submit = (id: string, level: 1 | 2 | 4 | 5 = 4, agent = 'bot') => ({
  sender: BROKER,
  events: [tripOf(id, level, agent)],
});

const unwritten = { status: 'retry', detail: 'down' } as const;

describe('one event', () => {
  it('goes all the way to the receiver, and its answer back into the log', async () => {
    const place = new Place();
    const host = await place.start();
    await host.ingest.submit(submit('a'));
    await settled();
    expect(place.receiver.deliveries).toMatchObject([{ key: BOT, level: 4, epoch: 1 }]);
    expect(place.kinds()).toEqual([
      'config',
      'grant',
      'input',
      'finding',
      'transition',
      'revocation',
      'ack',
    ]);
    expect(host.view.breakers('*', false)).toMatchObject([
      { acknowledgedBy: ['gateway'], awaiting: [] },
    ]);
    expect(host.view.counters()).toMatchObject({ events: 1, delivered: 1, unacknowledged: 0 });
    expect(place.metrics.values.get('tripcoil_trips_total obedient deterministic 4')).toBe(1);
    await host.close();
  });

  it('trips also when its decisions cannot be recorded, which follows when it can', async () => {
    const place = new Place();
    const host = await place.start();
    place.ledger.refuses = (entries) => entries.some(({ kind }) => kind === 'revocation');
    await host.ingest.submit(submit('a'));
    await settled();
    expect(place.receiver.deliveries).toHaveLength(1);
    expect(host.partition.writable).toBe(false);
    expect(place.kinds()).not.toContain('revocation');
    place.ledger.refuses = () => false;
    await place.clock.advance(SECOND_MS);
    expect(host.partition.writable).toBe(true);
    await place.clock.advance(SECOND_MS);
    expect(place.kinds().slice(2)).toEqual(
      expect.arrayContaining(['input', 'finding', 'transition', 'revocation', 'ack']),
    );
    await host.close();
  });
});

describe('a start', () => {
  it('begins a higher term each time, by the clock or by one', async () => {
    const place = new Place();
    const terms: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const host = await place.start();
      terms.push(host.view.term);
      await host.close();
    }
    const now = Math.floor(START / 1_000);
    expect(terms).toEqual([now, now + 1, now + 2]);
    await place.clock.advance(HOUR_MS);
    expect((await place.start()).view.term).toBe(now + 3_600);
  });

  it('begins a higher term also where all data was lost', async () => {
    const place = new Place();
    const before = await place.start();
    const { term } = before.view;
    await before.ingest.submit(submit('a'));
    await settled();
    await before.close();
    const after = new Place();
    await after.clock.advance(5 * SECOND_MS);
    const host = await after.start();
    await host.ingest.submit(submit('a'));
    await settled();
    expect(after.receiver.deliveries[0]?.term).toBeGreaterThan(term);
    await host.close();
  });

  it('logs configuration and grants only where they changed, redacted', async () => {
    const place = new Place();
    const grants: GrantSet = { ...GRANTS, principals: [{ match: 'secret' }] };
    const given = { grants: new Map([['acme', grants]]) };
    await (await place.start(given)).close();
    await (await place.start(given)).close();
    expect(place.kinds()).toEqual(['config', 'grant', 'config']);
    expect(JSON.stringify(place.ledger.entries)).not.toContain('secret');
    await (await place.start()).close();
    expect(place.kinds()).toEqual(['config', 'grant', 'config', 'config', 'grant']);
  });

  it('lets a tenant without settings of its own follow those of the process', async () => {
    const place = new Place();
    const config = (mode: 'alert' | 'shadow'): TenantConfig => ({
      detectors: { obedient: { mode } },
    });
    const first = await place.start({ tenantConfigs: new Map([['_system', config('alert')]]) });
    await first.ingest.submit(submit('a'));
    await settled();
    expect(first.partition.shard.tenant('acme').config).toEqual(config('alert'));
    await first.close();
    const own = await place.start({
      tenantConfigs: new Map([
        ['_system', config('shadow')],
        ['acme', config('alert')],
      ]),
    });
    expect(own.partition.shard.tenant('acme').config).toEqual(config('alert'));
    await own.close();
    const next = await place.start({ tenantConfigs: new Map([['_system', config('shadow')]]) });
    expect(next.partition.shard.tenant('acme').config).toEqual(config('shadow'));
    await next.close();
    const offline = await place.start();
    expect(offline.partition.shard.tenant('acme').config).toEqual(config('shadow'));
    await offline.close();
  });

  it('delivers what was not acknowledged before the last stop, under the same jti', async () => {
    const place = new Place();
    place.receiver.answers.push(...new Array(20).fill(unwritten));
    const first = await place.start();
    await first.ingest.submit(submit('a'));
    await first.ingest.submit(submit('b', 4, 'other'));
    await settled();
    await first.close();
    const jtis = () => place.receiver.deliveries.map(({ jti }) => jti);
    const before = new Set(jtis());
    expect(before.size).toBe(2);
    place.receiver.answers.length = 0;
    place.receiver.deliveries.length = 0;
    const second = await place.start();
    await settled();
    expect(new Set(jtis())).toEqual(before);
    await second.close();
    place.receiver.deliveries.length = 0;
    const third = await place.start();
    await settled();
    expect(jtis()).toEqual([]);
    await third.close();
  });

  it('takes the place of the last from its snapshot and the log behind it', async () => {
    const place = new Place();
    const first = await place.start();
    await first.ingest.submit(submit('a'));
    await settled();
    await first.close();
    expect(place.files.files.size).toBe(1);
    const state = stateText(first.partition.shard);
    const lines = place.log.lines.length;
    const second = await place.start();
    expect(place.log.lines.slice(lines)).toEqual([]);
    await second.partition.idle();
    expect(stateText(second.partition.shard).slice(1)).toEqual(state.slice(1));
    await second.close();
  });
});

describe('held deliveries', () => {
  it('wait for the start, those owed from before as well as new ones', async () => {
    const place = new Place();
    place.receiver.answers.push(unwritten);
    const first = await place.start();
    await first.ingest.submit(submit('a'));
    await first.close();
    place.receiver.deliveries.length = 0;
    const host = await place.start({ holdDeliveries: true });
    await host.ingest.submit(submit('b', 4, 'other'));
    await settled();
    expect(place.receiver.deliveries).toEqual([]);
    host.startDeliveries();
    await settled();
    expect(place.receiver.deliveries.map(({ key }) => key.id).sort()).toEqual(['bot', 'other']);
    await host.ingest.submit(submit('c', 4, 'third'));
    await settled();
    expect(place.receiver.deliveries).toHaveLength(3);
    await host.close();
  });
});

describe('while it runs', () => {
  it('writes a snapshot each so many entries', async () => {
    const place = new Place();
    const host = await place.start({ snapshotEveryEntries: 10 });
    for (let index = 0; index < 30; index += 1) await host.ingest.submit(submit(`e${index}`, 1));
    await settled();
    expect(place.files.files.size).toBe(2);
    await host.close();
  });

  it('counts from the last snapshot, however often it crashes on the way', async () => {
    const place = new Place();
    const snapshots: number[] = [];
    for (let start = 0; start < 4; start += 1) {
      const host = await place.start({ snapshotEveryEntries: 12 });
      for (let index = 0; index < 3; index += 1) {
        await host.ingest.submit(submit(`e${start}-${index}`, 1));
      }
      await settled();
      snapshots.push(place.files.files.size);
    }
    expect(snapshots[0]).toBe(0);
    expect(snapshots[3]).toBeGreaterThan(0);
  });

  it('closes by the clock what may close by itself', async () => {
    const place = new Place();
    const { registry, initialPosture } = OBEDIENT_SHARD;
    const detectors = registry.detectors.map((d) => ({ ...d, family: 'statistical' }) as const);
    const host = await place.start({ shard: { registry: { detectors }, initialPosture } });
    place.receiver.answers.push(...new Array(100).fill(unwritten));
    await host.ingest.submit(submit('a'));
    await settled();
    expect(host.breakers.snapshot('acme').breakers).toHaveLength(1);
    await place.clock.leap(2 * HOUR_MS);
    const [waiting] = host.breakers.snapshot('acme').breakers;
    expect(waiting?.state).toMatchObject({ phase: 'probation', step: 25, level: 3 });
    for (let step = 0; step < 3; step += 1) await place.clock.leap(HOUR_MS);
    expect(host.breakers.snapshot('acme').breakers).toEqual([]);
    // The closing waits behind the opening, which may be on its way yet.
    expect(host.view.counters().unacknowledged).toBe(1);
    expect(place.receiver.epochs.every((epoch) => epoch === 1)).toBe(true);
    await host.close();
  });
});

describe('closing', () => {
  it('is safe twice, leaves nothing running and refuses what comes later', async () => {
    const place = new Place();
    place.receiver.answers.push(unwritten);
    const host = await place.start();
    await host.ingest.submit(submit('a'));
    await Promise.all([host.close(), host.close()]);
    expect(place.clock.sleeping).toBe(0);
    await expect(host.ingest.submit(submit('b'))).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('takes no snapshot of a state whose decisions are not all recorded', async () => {
    const place = new Place();
    const host = await place.start();
    place.ledger.refuses = (entries) => entries.some(({ kind }) => kind === 'transition');
    await host.ingest.submit(submit('a'));
    await settled();
    await host.close();
    expect(place.files.files.size).toBe(0);
    place.ledger.refuses = () => false;
    const next = await place.start();
    expect(place.kinds()).toContain('transition');
    expect(place.log.lines).toContain('info engine recovered');
    await next.close();
  });
});

describe('a new configuration', () => {
  it('is logged where it differs, holds from then on, and is recovered from the log', async () => {
    const place = new Place();
    const host = await place.start();
    const detectors = { obedient: { mode: 'off' } } as const;
    const tenantConfigs = new Map([['acme', { detectors }]]);
    const given = { tenantConfigs, grants: new Map([['acme', GRANTS]]) };
    expect(await host.reconfigure(given)).toBe(1);
    expect(await host.reconfigure(given)).toBe(0);
    await host.ingest.submit(submit('a'));
    await host.close();
    expect(place.kinds().filter((kind) => kind === 'finding')).toEqual([]);
    const again = await place.start({ tenantConfigs, snapshotFiles: new MemorySnapshotFiles() });
    expect(again.partition.shard.tenants.get('acme')?.config).toEqual({ detectors });
    await again.close();
  });
});
