import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import authFailureBurst from './auth-failure-burst.ts';

detectorConformance(authFailureBurst);

describe('auth_failure_burst', () => {
  const agent = scenario('acme').agent('bot').having({ kind: 'authentication' });
  const login = (minute: number, status: 'success' | 'failure' | 'denied') =>
    agent.at(minute).outcome(status).calls('log_in', 'execute');

  it('slows down ten failures within a minute, and steps up when one then succeeds', () => {
    const run = new DetectorRun(authFailureBurst);
    const told = Array.from({ length: 12 }, (_, index) => run.see(login(index / 60, 'failure')));
    expect(told.findIndex((verdicts) => verdicts.length > 0)).toBe(10);
    expect(told[11]?.[0]).toMatchObject({ level: 'medium', trip: { key: 'agent', level: 1 } });
    expect(run.see(login(0.3, 'success'))[0]).toMatchObject({ trip: { key: 'agent', level: 2 } });
    expect(run.see(login(0.4, 'success'))).toEqual([]);
  });

  it('leaves alone one failure a minute, and successes', () => {
    const run = new DetectorRun(authFailureBurst);
    for (let minute = 0; minute < 600; minute += 1) {
      expect(run.see(login(minute, minute % 3 === 0 ? 'success' : 'denied'))).toEqual([]);
    }
  });

  it('counts tokens that were not signed by their issuer, but not when nobody could tell', () => {
    const calls = (failure: 'bad_signature' | 'jwks_unavailable') => {
      const run = new DetectorRun(authFailureBurst);
      const forging = scenario('acme').agent('bot').having({ token: { failure } });
      return Array.from({ length: 20 }, () => run.see(forging.writes())).flat().length;
    };
    expect(calls('bad_signature')).toBeGreaterThan(0);
    expect(calls('jwks_unavailable')).toBe(0);
  });

  it('counts a report once', () => {
    const run = new DetectorRun(authFailureBurst);
    for (let index = 0; index < 40; index += 1) {
      expect(run.see(login(0, 'failure'), { counted: false })).toEqual([]);
    }
  });
});
