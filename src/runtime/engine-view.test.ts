import { describe, expect, it } from 'vitest';
import type { Finding } from '../core/finding.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../core/time.ts';
import { START } from '../engine/testing/entries.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { createEngineView } from './engine-view.ts';
import type { Unplaced } from './entries.ts';
import { FeedReaders } from './feed-readers.ts';
import { LateOrders } from './late-orders.ts';
import { Outbox } from './outbox.ts';
import { Partition } from './partition.ts';
import { FakeClock } from './testing/fake-clock.ts';
import {
  BOT,
  GRANT_ENTRY,
  inputOf,
  obedientShard,
  RecordingLog,
  ScriptedReceiver,
  tripInput,
} from './testing/fixtures.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';

async function start(...receivers: ScriptedReceiver[]) {
  const ledger = new MemoryLedger();
  const clock = new FakeClock(START);
  const shard = obedientShard();
  const log = new RecordingLog();
  const metrics = SILENT_METRICS;
  const partition = new Partition({ shard, ledger, clock, log, metrics });
  const append = (entries: readonly Unplaced[]) => partition.append(entries);
  const common = { clock, log, metrics, append, resume: () => {}, jitter: () => 0 };
  const outbox = new Outbox({ receivers, ...common });
  const counters = { events: 7, rejected: 1, lastEventAt: START };
  const readers = new FeedReaders(clock);
  const late = new LateOrders();
  const view = createEngineView({ partition, ledger, outbox, readers, late, counters, clock });
  await partition.decide([GRANT_ENTRY]);
  return { ledger, clock, shard, partition, outbox, readers, late, view };
}

const ack = (receiver: string, epoch: number): Unplaced => ({
  kind: 'ack',
  tenant: 'acme',
  body: { receiver, jti: `j-${epoch}`, key: BOT, term: 0, epoch },
});

describe('agents', () => {
  it('come highest level first, then highest risk, with sessions counted', async () => {
    const { partition, view } = await start();
    const session = { id: 's-1' };
    await partition.decide([
      inputOf({ id: 'a', agent: { id: 'calm' } }),
      tripInput('b', 2, 'throttled'),
      inputOf({ id: 'c', agent: { id: 'held' }, session, attrs: { trip: 4, key: 'session' } }),
      inputOf({ id: 'd', agent: { id: 'noticed' }, attrs: { trip: 0, score: 30 } }),
    ]);
    const seen = view.agents('*').map(({ agent, level, risk }) => [agent, level, risk]);
    expect(seen).toEqual([
      ['held', 4, 90],
      ['throttled', 2, 90],
      ['noticed', 0, 30],
      ['calm', 0, 0],
    ]);
    expect(view.agents(['acme'])).toEqual(view.agents('*'));
    expect(view.agents(['globex'])).toEqual([]);
    expect(view.agent('acme', 'held')).toEqual(view.agents('*')[0]);
    expect([view.agent('acme', 'nobody'), view.agent('globex', 'held')]).toEqual([null, null]);
  });

  it('are learning for their first day, with their grant and what is blind', async () => {
    const { partition, clock, view } = await start();
    await partition.decide([inputOf({ id: 'a', attrs: { blind: true } })]);
    expect(view.agent('acme', 'bot')).toMatchObject({
      learning: true,
      calls: 1,
      grant: { agent: '*' },
      coverage: [{ detector: 'obedient', mode: 'enforce', blind: { field: 'attrs.blind' } }],
    });
    clock.set(START + DAY_MS + HOUR_MS);
    await partition.decide([inputOf({ id: 'b', time: clock.now() })]);
    expect(view.agent('acme', 'bot')).toMatchObject({
      learning: false,
      coverage: [{ detector: 'obedient', mode: 'enforce', blind: null }],
    });
  });

  it('lose their risk as log time passes', async () => {
    const { partition, clock, view } = await start();
    await partition.decide([tripInput('a', 2)]);
    clock.set(START + DAY_MS);
    await partition.decide([inputOf({ id: 'b', agent: { id: 'other' }, time: clock.now() })]);
    expect(view.agent('acme', 'bot')).toMatchObject({ risk: 45, riskParts: [{ value: 45 }] });
  });
});

describe('breakers', () => {
  it('show who acknowledged and who is awaited', async () => {
    const { partition, view } = await start(
      new ScriptedReceiver('ours', ['acme']),
      new ScriptedReceiver('theirs', ['globex']),
      new ScriptedReceiver('all'),
    );
    await partition.decide([tripInput('a', 4)]);
    const [open] = view.breakers('*', false);
    expect(open).toMatchObject({ acknowledgedBy: [], awaiting: ['ours', 'all'] });
    await partition.decide([ack('all', 1), ack('feed', 1), ack('ours', 9)]);
    const [told] = view.breakers('*', false);
    expect(told).toMatchObject({ acknowledgedBy: ['all', 'feed'], awaiting: ['ours'] });
  });

  it('name the brokers on the feed that have not acknowledged', async () => {
    const { partition, readers, view } = await start(new ScriptedReceiver('ours', ['acme']));
    readers.join('acme', 'gateway');
    readers.join('acme', 'proxy');
    readers.join('globex', 'elsewhere');
    await partition.decide([tripInput('a', 4)]);
    expect(view.breakers('*', false)).toMatchObject([{ awaiting: ['ours', 'gateway', 'proxy'] }]);
    await partition.decide([ack('gateway', 1)]);
    expect(view.breakers('*', false)).toMatchObject([{ awaiting: ['ours', 'proxy'] }]);
  });

  it('await those alone whom the level concerns, and are gone when closed', async () => {
    const killer = new ScriptedReceiver('killer');
    killer.concerns = ({ level }) => level >= 4;
    const { partition, view } = await start(killer, new ScriptedReceiver('all'));
    await partition.decide([tripInput('a', 2)]);
    expect(view.breakers(['acme'], false)).toMatchObject([{ awaiting: ['all'] }]);
    const reset = { type: 'reset', actor: 'kim', reason: 'ok', key: BOT, epoch: 1 } as const;
    await partition.decide([{ kind: 'command', tenant: 'acme', body: reset }]);
    expect(view.breakers(['acme'], false)).toEqual([]);
    expect(view.breakers(['acme'], true)).toMatchObject([{ state: { phase: 'closed', epoch: 2 } }]);
  });

  it('show a global stop to those who see every tenant', async () => {
    const { partition, view } = await start();
    const key = { tenant: '_system', kind: 'global', id: 'global' } as const;
    const body = { type: 'trip', actor: 'kim', reason: 'stop', key, level: 7 } as const;
    await partition.decide([{ kind: 'command', tenant: '_system', body }]);
    expect(view.breakers('*', false)).toMatchObject([{ key }]);
    expect(view.breakers(['acme'], false)).toEqual([]);
    expect(view.tenants().map(({ tenant }) => tenant)).toEqual(['acme']);
  });
});

describe('tenants and counters', () => {
  it('count what there is', async () => {
    const { partition, view, ledger } = await start();
    await partition.decide([tripInput('a', 4), inputOf({ id: 'b', agent: { id: 'other' } })]);
    expect(view.tenants()).toEqual([
      {
        ...{ tenant: 'acme', posture: 'enforce', agents: 2, openBreakers: 1, wouldHaveTripped: 0 },
        ...{ lateBreakers: 0, storm: null, singleOperator: false },
      },
    ]);
    expect(view.ledgerHead).toEqual({
      seq: ledger.head.seq,
      hash: ledger.head.hash,
      unrecorded: 0,
    });
    expect(view.counters()).toMatchObject({ events: 7, rejected: 1, lastEventAt: START });
  });

  it('name who is late with the epoch that holds, until they acknowledge', async () => {
    const { partition, readers, late, view } = await start();
    readers.join('acme', 'gateway');
    await partition.decide([tripInput('a', 4)]);
    expect(view.breaker(BOT)).toMatchObject({ awaiting: ['gateway'], late: [] });
    late.note(BOT, 1, 'gateway');
    expect(view.breakers(['acme'], false)[0]).toMatchObject({ late: ['gateway'] });
    expect(view.tenants()[0]?.lateBreakers).toBe(1);
    await partition.decide([ack('gateway', 1)]);
    expect(view.breaker(BOT)).toMatchObject({ awaiting: [], late: [] });
    expect(view.tenants()[0]?.lateBreakers).toBe(0);
  });

  it('measure the time to an acknowledgement of the open epoch, and of no other', async () => {
    const { partition, clock, view } = await start();
    await partition.decide([tripInput('a', 4)]);
    clock.set(START + 40);
    await partition.decide([tripInput('b', 5)]);
    clock.set(START + 100);
    await partition.decide([ack('late', 1)]);
    expect(view.counters().acknowledgeDelaysMs).toEqual([]);
    await partition.decide([ack('gateway', 2)]);
    expect(view.counters()).toMatchObject({ acknowledgeDelaysMs: [60], delivered: 2 });
  });

  it('tell the events of a second over the last ten', async () => {
    const { partition, clock, view } = await start();
    const batch = Array.from({ length: 50 }, (_, index) => inputOf({ id: `e${index}` }));
    await partition.decide(batch);
    expect(view.counters().perSecond).toBe(5);
    await clock.advance(9 * SECOND_MS);
    expect(view.counters().perSecond).toBe(5);
    await clock.advance(SECOND_MS);
    expect(view.counters().perSecond).toBe(0);
  });

  it('pass findings on until nobody listens', async () => {
    const { partition, view } = await start();
    const heard: Finding[] = [];
    const leave = view.onFinding((finding) => heard.push(finding));
    await partition.decide([tripInput('a', 4)]);
    leave();
    await partition.decide([tripInput('b', 5)]);
    expect(heard.map(({ eventId }) => eventId)).toEqual(['a']);
  });
});
