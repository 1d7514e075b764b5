import { describe, expect, it } from 'vitest';
import { mergedOutcome, simulateFleet } from './fleet-simulation.ts';

const PLAN = { agents: 40, days: 3, warmUpDays: 1, incidentsPerKind: 1, seed: 11 } as const;

describe('a simulated fleet', () => {
  const fleet = simulateFleet(PLAN);

  it('sees what needs no history, at its first call', () => {
    const delays = Object.fromEntries(fleet.incidents.map(({ kind, delayS }) => [kind, delayS]));
    expect(delays).toMatchObject({ cross_tenant: 0, out_of_scope: 0, new_actions: 0 });
    expect(delays['mass_read_in_seconds']).toBeLessThan(2);
    expect(delays['volume_10x']).toBeLessThan(15 * 60);
  });

  it('leaves honest agents alone but for addresses that are new to them', () => {
    expect(fleet.honestAgentDays).toBeGreaterThan(50);
    const { first_seen_access: _, ...others } = fleet.tripsByDetector;
    expect(others).toEqual({});
  });

  it('comes out the same in shares of its tenants', () => {
    const plan = { agents: 60, days: 0.2, warmUpDays: 0.1, incidentsPerKind: 0, seed: 12 };
    const parts = [0, 1].map((index) => simulateFleet(plan, { index, of: 2 }));
    expect(mergedOutcome(parts)).toEqual(simulateFleet(plan));
    expect(parts.every(({ events }) => events > 0)).toBe(true);
  });
});
