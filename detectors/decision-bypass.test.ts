import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { FoldRun } from '../src/engine/detect/testing/fold-run.ts';
import { SCENARIO_START, scenario } from '../src/engine/detect/testing/scenario.ts';
import decisionBypass from './decision-bypass.ts';

detectorConformance(decisionBypass, { hearsDecisions: true });

describe('decision_bypass', () => {
  const agent = scenario('acme').agent('invoice-bot').session('s-1');
  const decided = (minute: number, action: string, verdict: 'allow' | 'deny', trace: string) =>
    agent
      .at(minute)
      .having({
        kind: 'authz_decision',
        trace: { traceId: trace },
        decision: { verdict, id: `d-${trace}` },
        source: { format: 'opa', deliveredBy: 'pdp', trust: 'pdp' },
      })
      .calls(action);
  const called = (minute: number, action: string, trace: string) =>
    agent
      .at(minute)
      .having({ trace: { traceId: trace } })
      .writes(action);

  it('is blind without a source of decisions, and says so', () => {
    const run = new DetectorRun(decisionBypass);
    expect(run.blindFor(agent.writes('pay'))).toBe('decision');
    expect(new DetectorRun(decisionBypass, { hearsDecisions: true }).blindFor(agent.writes())).toBe(
      null,
    );
  });

  it('acts at once on a call that its own record says was denied, and that succeeded', () => {
    const run = new DetectorRun(decisionBypass);
    const denied = agent.having({ decision: { verdict: 'deny' } });
    expect(run.see(denied.writes('pay'))[0]).toMatchObject({
      level: 'critical',
      trip: { key: 'session', level: 4 },
    });
    expect(run.see(denied.outcome('denied').writes('pay'))).toEqual([]);
    expect(run.see(denied.having({ phase: 'proposed' }).writes('pay'))).toEqual([]);
  });

  it('tells of a call without a decision only after the grace and the watermark', () => {
    const run = new FoldRun(decisionBypass);
    run.grant('acme', { agents: [{ tenant: 'acme', agent: '*' }] });
    run.see(decided(0, 'pay', 'allow', 't-0'), called(0, 'pay', 't-0'));
    run.see(called(1, 'pay', 't-1'));
    expect(run.tick(SCENARIO_START + 10 * 60_000)).toEqual([]);
    const found = run.see(decided(11, 'pay', 'allow', 't-2'));
    expect(found).toMatchObject([
      {
        detector: 'decision_bypass',
        eventId: expect.any(String),
        session: 's-1',
        chain: 't-1',
        decision: { why: 'shadow', would: { level: 4, key: { kind: 'session' } } },
      },
    ]);
    expect(run.tick(SCENARIO_START + 14 * 60_000)).toEqual([]);
  });

  it('says nothing where the decision comes late, within the grace', () => {
    const run = new FoldRun(decisionBypass);
    run.see(decided(0, 'pay', 'allow', 't-0'), called(1, 'pay', 't-1'));
    run.see(decided(1, 'pay', 'allow', 't-1'), decided(5, 'pay', 'allow', 't-5'));
    expect(run.tick(SCENARIO_START + 20 * 60_000)).toEqual([]);
  });

  it('says nothing of tools that no policy ever decided, unless the configuration does', () => {
    const run = new FoldRun(decisionBypass);
    run.see(decided(0, 'pay', 'allow', 't-0'), called(1, 'look_up', 't-1'));
    run.see(decided(5, 'pay', 'allow', 't-5'));
    expect(run.tick(SCENARIO_START + 20 * 60_000)).toEqual([]);
    const strict = new FoldRun(decisionBypass, { decided_actions: ['look_*'] });
    strict.see(decided(0, 'pay', 'allow', 't-0'), called(1, 'look_up', 't-1'));
    expect(strict.see(decided(5, 'pay', 'allow', 't-5'))).toHaveLength(1);
  });

  it('tells of a call after a deny that another source recorded', () => {
    const run = new FoldRun(decisionBypass);
    run.see(decided(0, 'pay', 'deny', 't-0'), called(0, 'pay', 't-0'));
    const [found] = run.see(decided(5, 'pay', 'allow', 't-5'));
    expect(found?.title).toBe('pay was carried out although it was denied');
  });

  it('counts what nobody says succeeded towards the risk only', () => {
    const run = new FoldRun(decisionBypass);
    const failed = agent
      .at(1)
      .having({ trace: { traceId: 't-1' } })
      .outcome('failure');
    run.see(decided(0, 'pay', 'allow', 't-0'), failed.writes('pay'));
    expect(run.see(decided(5, 'pay', 'allow', 't-5'))).toMatchObject([
      { level: 'medium', decision: { tripped: false, why: 'below_threshold' } },
    ]);
  });

  it('goes on after a snapshot as if nothing had happened', () => {
    const through = new FoldRun(decisionBypass);
    const restarted = new FoldRun(decisionBypass);
    const begun = [decided(0, 'pay', 'allow', 't-0'), called(1, 'pay', 't-1')];
    for (const run of [through, restarted]) run.see(...begun);
    restarted.restart();
    const later = decided(5, 'pay', 'allow', 't-5');
    const found = through.see(later);
    expect(found).toHaveLength(1);
    expect(restarted.see(later)).toEqual(found);
    expect(restarted.text()).toBe(through.text());
  });
});
