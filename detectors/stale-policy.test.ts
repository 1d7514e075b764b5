import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import stalePolicy from './stale-policy.ts';

detectorConformance(stalePolicy);

describe('stale_policy', () => {
  const agent = scenario('acme').agent('pay-bot').session('s-1');
  const under = (minute: number, version: string, id = 'mail') =>
    agent.at(minute).having({ decision: { verdict: 'allow', policy: { id, version } } });

  it('is blind without the version', () => {
    const run = new DetectorRun(stalePolicy);
    const decided = agent.having({ decision: { verdict: 'allow' } });
    expect(run.blindFor(decided.writes())).toBe('decision.policy.version');
    expect(run.blindFor(under(0, '1').writes())).toBeNull();
  });

  it.each([
    ['12', '13'],
    ['v1.9', 'v1.10'],
    ['b1946ac', 'a5f3c6a'],
  ])('tells of %s after %s, once the grace is over', (older, newer) => {
    const run = new DetectorRun(stalePolicy);
    expect(run.see(under(0, older).writes())).toEqual([]);
    expect(run.see(under(1, newer).writes())).toEqual([]);
    expect(run.see(under(10, older).writes())).toEqual([]);
    expect(run.see(under(12, older).writes('pay'))[0]).toMatchObject({
      level: 'high',
      actual: 11,
      title: 'pay was decided under an old version of mail',
      trip: { key: 'session', level: 2 },
    });
    expect(run.see(under(13, older).reads(1))[0]).toMatchObject({ level: 'medium', trip: null });
    expect(run.see(under(14, newer).writes())).toEqual([]);
    expect(run.see(under(15, older, 'other').writes())).toEqual([]);
  });

  it('knows an older number that it never saw before', () => {
    const run = new DetectorRun(stalePolicy);
    run.see(under(0, '13').writes());
    expect(run.see(under(20, '11').writes())).toHaveLength(1);
  });

  it('takes many decisions in a row for a rollback', () => {
    const run = new DetectorRun(stalePolicy, { options: { rollback_decisions: 5 } });
    run.see(under(0, 'a').writes());
    run.see(under(1, 'b').writes());
    const told = [20, 21, 22, 23, 24, 25].map(
      (minute) => run.see(under(minute, 'a').writes()).length,
    );
    expect(told).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it('learns no version from an agent', () => {
    const run = new DetectorRun(stalePolicy);
    run.see(under(0, '99').trust('agent').writes());
    expect(run.see(under(1, '12').writes())).toEqual([]);
    expect(run.see(under(30, '12').writes())).toEqual([]);
  });
});
