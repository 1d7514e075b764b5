import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import type { AnyDetector } from '../engine/detect/detector.ts';
import { Shard } from '../engine/shard.ts';
import { OBEDIENT, START } from '../engine/testing/entries.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { decodeEntry, isFolded } from './entries.ts';
import { Partition } from './partition.ts';
import { SlowDetectors } from './slow-detectors.ts';
import { FakeClock, settled } from './testing/fake-clock.ts';
import { GRANT_ENTRY, inputOf, RecordingLog, stateText } from './testing/fixtures.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';

/** A module that takes as long as its event says, by a clock that nothing else moves. */
function start({ source = 'module' as 'module' | null, recovering = 0 } = {}) {
  let spentMs = 0;
  const slowed: AnyDetector = {
    ...OBEDIENT,
    observe(event, state, context) {
      spentMs += Number(event.attrs['takes'] ?? 0);
      return OBEDIENT.observe(event, state as { seen: number }, context);
    },
  };
  const sources = new Map(source === null ? [] : [[slowed.id, source] as const]);
  const watch = new SlowDetectors({ monotonicMs: () => spentMs });
  const registry = watch.timed({ detectors: [slowed], sources });
  const shard = new Shard({ registry, initialPosture: 'enforce' });
  const ledger = new MemoryLedger();
  const clock = new FakeClock(START);
  const log = new RecordingLog();
  const partition = new Partition({ shard, ledger, clock, log, metrics: SILENT_METRICS });
  const [first] = registry.detectors;
  for (let n = 0; n < recovering; n += 1) first?.observe(inputOfTaking(n).body, {}, {} as never);
  watch.follow(partition, log, SILENT_METRICS);
  const see = async (takes: number, times: number, tenant = 'acme') => {
    for (let n = 0; n < times; n += 1) {
      await partition.decide([inputOfTaking(`${tenant}-${takes}-${n}`, takes, tenant)]);
      await settled();
    }
  };
  const asked = (tenant = 'acme'): number => {
    const agent = shard.tenants.get(tenant)?.agents.get('bot');
    return (agent?.memory.stateOf('obedient') as { seen: number } | undefined)?.seen ?? 0;
  };
  return { partition, shard, ledger, log, see, asked, slowed };
}

function inputOfTaking(id: string | number, takes = 1_000, tenant = 'acme') {
  const input = inputOf({ id: String(id), tenant: { id: tenant }, attrs: { takes } });
  if (input.kind !== 'input') throw new Error('not an input');
  return input;
}

describe('a detector of the user’s own that is slow', () => {
  it('is set aside after eight events, by an entry that replay obeys without a clock', async () => {
    const { partition, shard, ledger, log, see, asked, slowed } = start();
    await partition.decide([GRANT_ENTRY]);
    await see(60_000, 20);
    expect(asked()).toBeGreaterThanOrEqual(8);
    expect(asked()).toBeLessThan(12);
    expect(log.lines.join('\n')).toContain('too slow');
    const replayed = new Shard({
      registry: { detectors: [slowed] },
      initialPosture: 'enforce',
    });
    for await (const batch of ledger.read(1)) {
      replayed.apply(batch.map(decodeEntry).filter(isFolded));
    }
    expect(stateText(replayed)).toEqual(stateText(shard));
  });

  it('is set aside for the tenant whose events it is slow on, and for no other', async () => {
    const { see, asked } = start();
    await see(60_000, 20);
    await see(0, 20, 'globex');
    expect(asked('globex')).toBe(20);
    expect(asked('acme')).toBeLessThan(12);
  });

  it('may pause now and then, and take its time within the budget', async () => {
    const { see, asked } = start();
    await see(60_000, 5);
    await see(LIMITS.detectorMicrosPerAsk / 1_000, 30);
    expect(asked()).toBe(35);
  });

  it('is not judged by what recovery folded again', async () => {
    const { see, asked } = start({ recovering: 40 });
    await see(0, 5);
    expect(asked()).toBe(5);
  });

  it('is none of this build’s own', async () => {
    const { see, asked } = start({ source: null });
    await see(60_000, 20);
    expect(asked()).toBe(20);
  });
});
