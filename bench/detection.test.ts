import { describe, expect, it } from 'vitest';
import { type Attack, simulateKind } from './detection.ts';

/** 20 agents for ten days each, four of which are history only. */
const PLAN = {
  agentsPerKind: 20,
  warmUpDays: 4,
  scoredDays: 6,
  attacksPerAgent: 4,
  rampAgents: 0,
  coldAgents: 0,
  seed: 7,
} as const;

describe('a fleet of agents with a daily and weekly cycle', () => {
  const steady = simulateKind('over_dispersed', PLAN);

  it('suspends nobody over ordinary noise', () => {
    expect(steady.suspensions).toBe(0);
    expect(simulateKind('poisson', { ...PLAN, agentsPerKind: 5 }).suspensions).toBe(0);
    expect(simulateKind('sizes', { ...PLAN, agentsPerKind: 4 }).suspensions).toBe(0);
  });

  it('is disturbed by fewer than one false alarm in four agent-months', () => {
    expect(steady.alarmsPerYear).toBeLessThanOrEqual(3.1);
  });

  it('sees nine in ten fivefold spikes at ten a minute or more within ten minutes', () => {
    const spikes = steady.attacks.filter(({ times, rate }) => times === 5 && rate >= 10);
    expect(spikes.length).toBeGreaterThan(20);
    expect(seenWithin(spikes, 10)).toBeGreaterThanOrEqual(0.9);
  });

  it('sees every tenfold spike at two a minute or more', () => {
    const spikes = steady.attacks.filter(({ times, rate }) => times === 10 && rate >= 2);
    expect(seenWithin(spikes, 30)).toBe(1);
  });

  it('gives the same figures on every run', () => {
    const small = { ...PLAN, agentsPerKind: 3 };
    expect(simulateKind('drift', small)).toEqual(simulateKind('drift', small));
  });
});

function seenWithin(attacks: readonly Attack[], minutes: number): number {
  return attacks.filter(({ delay }) => delay <= minutes).length / attacks.length;
}
