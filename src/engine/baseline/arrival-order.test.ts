import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { MINUTE_MS } from '../../core/time.ts';
import { Shard } from '../shard.ts';
import { restore, snapshot } from '../snapshot.ts';
import { EntryWriter, OBEDIENT, START } from '../testing/entries.ts';
import { viewOf } from './baseline.ts';

const MINUTES = 40;
const arrival = fc.record({
  offsetMs: fc.integer({ min: 0, max: MINUTES * MINUTE_MS }),
  delayMs: fc.integer({ min: 0, max: LIMITS.latenessMs }),
  records: fc.integer({ min: 1, max: 1_000 }),
});

/**
 * What does not depend on the order of arrival: the count of calls, and the total of every window
 * that ends in one of the ring's minutes. The learned rate, its dispersion and the evidence do, for
 * a minute is judged when it closes and learns latecomers within bounds.
 */
describe('events up to 15 minutes late', () => {
  it('land in the windows of their own time, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(arrival, { minLength: 1, maxLength: 60 }), (arrivals) => {
        const shard = new Shard({ registry: { detectors: [OBEDIENT] }, initialPosture: 'enforce' });
        const write = new EntryWriter();
        const byArrival = arrivals
          .map((each, index) => ({ ...each, index, at: each.offsetMs + each.delayMs }))
          .sort((a, b) => a.at - b.at);
        for (const [n, { offsetMs, records, index, at }] of byArrival.entries()) {
          const event = { id: `e${index}`, time: START + offsetMs, volume: { records } };
          shard.apply([write.input(event, START + at)]);
          // A restart in between changes nothing.
          if (n !== Math.floor(byArrival.length / 2)) continue;
          const chunks = JSON.parse(JSON.stringify([...snapshot(shard)]));
          shard.tenants.clear();
          shard.seq = 0;
          restore(shard, chunks);
        }
        const { baseline, calls } = shard.tenant('acme').agents.get('bot')!;
        expect(calls).toBe(arrivals.length);
        const open = baseline.minute;
        for (let minute = open; minute > open - LIMITS.baselineRingMinutes; minute -= 1) {
          const inMinute = arrivals.filter(
            ({ offsetMs }) => Math.floor((START + offsetMs) / MINUTE_MS) === minute,
          );
          const { actual } = viewOf(baseline, minute * MINUTE_MS).compare('records', MINUTE_MS);
          expect(actual).toBe(inMinute.reduce((sum, { records }) => sum + records, 0));
        }
      }),
      { numRuns: 60 },
    );
  });
});
