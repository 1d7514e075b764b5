import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../core/time.ts';
import { createRandom } from './random.ts';
import { history, type NativeEvent, ongoing, timeOf } from './traffic.ts';
import { DEMO_AGENTS } from './world.ts';

const NOW = Date.UTC(2026, 10, 20, 10, 0, 30);
const HOURS = 5;

describe('ordinary traffic', () => {
  const lived = until(NOW + HOURS * HOUR_MS);

  it('goes on after the history at the same rate, agent by agent', () => {
    const learned = [...history(createRandom(7), NOW)].filter(
      (event) => timeOf(event) > NOW - 3 * HOUR_MS,
    );
    for (const { tenant, agent, callsPerHour } of DEMO_AGENTS) {
      const mine = (event: NativeEvent): boolean =>
        event.tenant === tenant && event.agent.id === agent;
      const spread = 5 * Math.sqrt(callsPerHour * HOURS);
      const calls = lived.filter(mine).length;
      expect(Math.abs(calls - callsPerHour * HOURS)).toBeLessThan(spread);
      expect(learned.filter(mine).length / 3).toBeLessThan(2.5 * callsPerHour + 5);
    }
  });

  it('comes in the order of time, from now on, each event once', () => {
    const times = lived.map(timeOf);
    expect(times).toEqual([...times].sort((left, right) => left - right));
    expect(times[0]).toBeGreaterThanOrEqual(NOW);
    expect(new Set(lived.map(({ id }) => id)).size).toBe(lived.length);
  });
});

function until(end: number): readonly NativeEvent[] {
  const events: NativeEvent[] = [];
  for (const event of ongoing(createRandom(7), NOW)) {
    if (timeOf(event) >= end) break;
    events.push(event);
  }
  return events;
}
