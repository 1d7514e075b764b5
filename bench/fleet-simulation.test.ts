import { describe, expect, it } from 'vitest';
import { simulateFleet } from './fleet-simulation.ts';

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
});
