import { expect, it } from 'vitest';
import { START } from '../engine/testing/entries.ts';
import { type Metrics, SILENT_METRICS } from '../ports/metrics.ts';
import { meterDecisions } from './metering.ts';
import { Partition } from './partition.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { GRANT_ENTRY, obedientShard, RecordingLog, tripInput } from './testing/fixtures.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';

it('counts agents by the quarter of the scale their risk is in', async () => {
  const gauges = new Map<string, number>();
  const metrics: Metrics = {
    ...SILENT_METRICS,
    gauge: (name, value, labels) => void gauges.set(`${name} ${labels?.['risk']}`, value),
  };
  const clock = new FakeClock(START);
  const log = new RecordingLog();
  const ledger = new MemoryLedger();
  const partition = new Partition({ shard: obedientShard(), ledger, clock, log, metrics });
  await partition.decide([GRANT_ENTRY, tripInput('a', 4)]);
  meterDecisions(partition, clock, metrics);
  await partition.decide([tripInput('b', 4, 'other')]);
  const counts = ['none', 'low', 'medium', 'high', 'critical'].map((risk) =>
    gauges.get(`tripcoil_agents_by_risk ${risk}`),
  );
  expect(counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(2);
  expect(counts[4]).toBeGreaterThan(0);
});
