import { describe, expect, it } from 'vitest';
import type { AccessEvent, ReceivedEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { DAY_MS, MINUTE_MS } from '../core/time.ts';
import { START } from '../engine/testing/entries.ts';
import { createIngest } from './ingest.ts';
import { Partition } from './partition.ts';
import { FakeClock, settled } from './testing/fake-clock.ts';
import {
  BROKER,
  GRANT_ENTRY,
  obedientShard,
  RecordingLog,
  RecordingMetrics,
  receivedOf,
  SECRET_REDACTOR,
  tripOf,
} from './testing/fixtures.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';
import { Turns } from './turns.ts';

function start() {
  const ledger = new MemoryLedger();
  const clock = new FakeClock(START);
  const shard = obedientShard();
  const metrics = new RecordingMetrics();
  const partition = new Partition({ shard, ledger, clock, log: new RecordingLog(), metrics });
  const forwarded: AccessEvent[] = [];
  const ingest = createIngest({
    partition,
    redactor: SECRET_REDACTOR,
    clock,
    metrics,
    turns: new Turns(clock),
    forward: (event) => forwarded.push(event),
  });
  return { ledger, clock, shard, metrics, partition, forwarded, ingest };
}

describe('submitting', { timeout: 30_000 }, () => {
  it('is done when the events are on disk, and not before', async () => {
    const { ledger, ingest, forwarded } = start();
    const release = ledger.hold();
    let done = false;
    const submitted = ingest.submit({ sender: BROKER, events: [receivedOf({ id: 'a' })] });
    void submitted.then(() => {
      done = true;
    });
    await settled();
    expect([done, forwarded.length]).toEqual([false, 0]);
    release();
    expect(await submitted).toEqual({ accepted: 1, duplicates: 0, rejects: [] });
    expect(forwarded).toHaveLength(1);
  });

  it('tells which events it is known to have taken in before', async () => {
    const { ingest, partition, ledger } = start();
    const first = receivedOf({ id: 'a' });
    const submit = async (...events: ReceivedEvent[]) => {
      const { accepted, duplicates } = await ingest.submit({ sender: BROKER, events });
      await partition.idle();
      return [accepted, duplicates];
    };
    expect(await submit(first)).toEqual([1, 0]);
    const other = receivedOf({ id: 'a', attrs: { more: 1 } });
    expect(await submit(first, receivedOf({ id: 'b' }), other)).toEqual([3, 1]);
    expect(await submit(other, first)).toEqual([2, 2]);
    const elsewhere = { ...first, source: { ...first.source, name: 'other gateway' } };
    expect(await submit(elsewhere)).toEqual([1, 0]);
    // What is recorded is recorded: the log holds each copy, the fold counts one.
    expect(ledger.entries.filter(({ kind }) => kind === 'input')).toHaveLength(7);
  });

  it('redacts before anything is written or passed on', async () => {
    const { ledger, ingest, forwarded } = start();
    const event = receivedOf({ id: 'a', attrs: { note: 'a secret' } });
    await ingest.submit({ sender: BROKER, events: [event] });
    expect(ledger.entries[0]?.body).toContain('a [x]');
    expect(ledger.entries[0]?.body).not.toContain('secret');
    expect(forwarded[0]?.attrs).toEqual({ note: 'a [x]' });
  });

  it('names how far history reaches back to what is older', async () => {
    const { ingest } = start();
    const events = [
      receivedOf({ id: 'a', time: START - LIMITS.historyMaxAgeMs }),
      receivedOf({ id: 'b', time: START - LIMITS.historyMaxAgeMs - 1 }),
      receivedOf({ id: 'c', time: START + LIMITS.futureRefusedMs + 1 }),
    ];
    const { accepted, rejects } = await ingest.submit({ sender: BROKER, events, history: true });
    expect(accepted).toBe(1);
    expect(rejects.map(({ position, code }) => [position, code])).toEqual([
      [1, 'out_of_range'],
      [2, 'clock_skew'],
    ]);
    expect(rejects[0]?.message).toContain('400 days');
  });

  it('takes the good ones of a batch and names the bad ones by their place', async () => {
    const { ledger, ingest, metrics, partition } = start();
    const events = [
      receivedOf({ id: 'a' }),
      receivedOf({ id: 'b', time: START + LIMITS.futureRefusedMs + 1 }),
      receivedOf({ id: 'c', time: START + LIMITS.futureRefusedMs }),
      receivedOf({ id: 'd', time: START - LIMITS.historyMaxAgeMs - 1 }),
      receivedOf({ id: 'e', time: Number.NaN }),
    ];
    const batch = { sender: BROKER, events, positions: [0, 10, 20, 30, 40] };
    const { accepted, rejects } = await ingest.submit(batch);
    expect(accepted).toBe(2);
    expect(rejects.map(({ position, code, path }) => [position, code, path])).toEqual([
      [10, 'clock_skew', 'time'],
      [30, 'clock_skew', 'time'],
      [40, 'clock_skew', 'time'],
    ]);
    await partition.idle();
    const recorded = ledger.entries.filter(({ kind }) => kind === 'input');
    expect(recorded).toHaveLength(2);
    // One of them is from tomorrow: recorded, but not judged, and its sender is told of.
    expect(ledger.entries.map(({ kind }) => kind)).toEqual(['input', 'input', 'finding']);
    expect(ingest.counters).toEqual({ events: 2, rejected: 3, lastEventAt: START });
    expect(metrics.values.get('tripcoil_ingest_events_total native accepted')).toBe(2);
    expect(metrics.values.get('tripcoil_ingest_events_total native invalid')).toBe(3);
    expect(metrics.values.get('tripcoil_ingest_last_event_timestamp_seconds native')).toBe(
      START / 1_000,
    );
  });

  it('lets others run while a large batch is redacted, and still writes it as one', async () => {
    const ledger = new MemoryLedger();
    const clock = new FakeClock(START);
    const partition = new Partition({
      shard: obedientShard(),
      ledger,
      clock,
      log: new RecordingLog(),
      metrics: new RecordingMetrics(),
    });
    let redacted = 0;
    const turns: (readonly [number, number])[] = [];
    const moving = {
      now: () => START,
      monotonicMs: () => (redacted * LIMITS.ingestSliceMs) / 2,
      sleep: (ms: number) => clock.sleep(ms),
    };
    const ingest = createIngest({
      partition,
      clock: moving,
      metrics: new RecordingMetrics(),
      redactor: {
        ...SECRET_REDACTOR,
        redact(event) {
          redacted++;
          return SECRET_REDACTOR.redact(event);
        },
      },
      turns: new Turns(moving, {
        next: async () => turns.push([redacted, ledger.entries.length]),
        settled,
      }),
    });
    const events = Array.from({ length: 10 }, (_, index) => receivedOf({ id: `e${index}` }));
    const submitted = ingest.submit({ sender: BROKER, events });
    expect(redacted).toBe(2);
    expect(await submitted).toEqual({ accepted: 10, duplicates: 0, rejects: [] });
    // Two events fill a slice; nothing is written until all are redacted.
    expect(new Set(turns.map(([count]) => count))).toEqual(new Set([0, 4, 6, 8]));
    expect(turns.every(([, written]) => written === 0)).toBe(true);
    const ids = ledger.entries.map(({ body }) => (JSON.parse(body) as AccessEvent).id);
    expect(ids).toEqual(events.map(({ id }) => id));
  });

  it('is refused early by what is being redacted, too, and for its own tenant alone', async () => {
    const { ingest } = start();
    const events = Array.from({ length: LIMITS.recordsPerBody }, () =>
      receivedOf({ id: 'x', time: Number.NaN }),
    );
    const submitted = ingest.submit({ sender: BROKER, events });
    expect(ingest.refusal(BROKER)).toBe('over_share');
    expect(ingest.refusal({ ...BROKER, tenants: ['globex'] })).toBeNull();
    await submitted;
    expect(ingest.refusal(BROKER)).toBeNull();
  });

  it('of nothing usable writes nothing', async () => {
    const { ledger, ingest } = start();
    const sender = { ...BROKER, tenants: ['acme', 'globex'] };
    const { accepted, rejects } = await ingest.submit({
      sender,
      events: [receivedOf({ id: 'a' })],
    });
    expect([accepted, rejects[0]?.code]).toEqual([0, 'missing_field']);
    expect(ledger.entries).toHaveLength(0);
  });

  it('that the disk refuses is refused, retryable, and forwarded by nobody', async () => {
    const { ledger, ingest, forwarded } = start();
    ledger.refuses = () => true;
    const batch = { sender: BROKER, events: [receivedOf({ id: 'a' })] };
    await expect(ingest.submit(batch)).rejects.toMatchObject({
      code: 'storage_unavailable',
      retryable: true,
    });
    expect([forwarded.length, ingest.counters.events]).toEqual([0, 0]);
  });

  it('refuses a tenant over its share early, and counts why', async () => {
    const { ledger, ingest, metrics } = start();
    const release = ledger.hold();
    const events = Array.from({ length: LIMITS.recordsPerBody }, (_, i) =>
      receivedOf({ id: `e${i}` }),
    );
    expect(ingest.refusal(BROKER)).toBeNull();
    const submitted = ingest.submit({ sender: BROKER, events });
    expect(ingest.refusal(BROKER)).toBe('over_share');
    expect(metrics.values.get('tripcoil_ingest_refusals_total over_share')).toBe(1);
    release();
    await submitted;
    expect(ingest.refusal(BROKER)).toBeNull();
  });

  it('lets the events of a quiet tenant pass those of a flooding one', async () => {
    const { ledger, ingest } = start();
    const release = ledger.hold();
    const flood = Array.from({ length: 8 }, (_, batch) =>
      ingest.submit({
        sender: BROKER,
        events: Array.from({ length: 1_000 }, (__, i) => receivedOf({ id: `f${batch}-${i}` })),
      }),
    );
    const quiet = { ...BROKER, name: 'other', tenants: ['globex'] };
    const passed = ingest.submit({ sender: quiet, events: [receivedOf({ id: 'q' })] });
    release();
    await Promise.all([...flood, passed]);
    const ids = ledger.entries.map(({ body }) => (JSON.parse(body) as AccessEvent).id);
    // One commit was being written already, and one more may be ahead of it.
    expect(ids.indexOf('q')).toBeLessThan(2 * LIMITS.eventsPerCommit);
  });
});

describe('history', () => {
  it('teaches and never trips, however old it is and whatever it asks for', async () => {
    const { ingest, partition, shard, ledger } = start();
    await partition.decide([GRANT_ENTRY]);
    const events = Array.from({ length: 20 }, (_, index) => ({
      ...tripOf(`h${index}`, 5),
      time: START - 30 * DAY_MS + index * MINUTE_MS,
    }));
    await ingest.submit({ sender: BROKER, events, history: true });
    await partition.idle();
    expect(shard.tenant('acme').agents.get('bot')?.calls).toBe(20);
    expect(shard.tenant('acme').board.entries.size).toBe(0);
    expect(new Set(ledger.entries.map(({ kind }) => kind))).toEqual(new Set(['grant', 'input']));
    await ingest.submit({ sender: BROKER, events: [tripOf('live', 5)] });
    await partition.idle();
    expect(shard.tenant('acme').board.entries.size).toBe(1);
  });
});
