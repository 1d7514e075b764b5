import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { SCENARIO_START, scenario } from '../src/engine/detect/testing/scenario.ts';
import useAfterRevoke from './use-after-revoke.ts';

const APPLIED = {
  kind: 'session',
  level: 4,
  reason: 'volume_spike',
  openedAt: SCENARIO_START,
  acknowledgedAt: SCENARIO_START + 1_000,
} as const;

detectorConformance(useAfterRevoke, { openBreaker: APPLIED });

describe('use_after_revoke', () => {
  const agent = scenario('acme').agent('invoice-bot').session('s-1');
  const token = { jti: 'j-1', iss: 'sts' };

  it('stops the agent that goes on after its revocation was acknowledged', () => {
    const run = new DetectorRun(useAfterRevoke, { openBreaker: APPLIED });
    expect(run.see(agent.at(0.5).writes())).toEqual([]);
    expect(run.see(agent.at(2).outcome('denied').writes())).toEqual([]);
    expect(run.see(agent.at(2).having({ phase: 'proposed' }).writes())).toEqual([]);
    expect(run.see(agent.at(2).writes('pay'))[0]).toMatchObject({
      level: 'critical',
      actual: 119,
      title: 'pay succeeded 119 seconds after its session was revoked',
      trip: { key: 'agent', level: 4 },
    });
    const revoked = { ...APPLIED, kind: 'agent', level: 5 } as const;
    const agentRun = new DetectorRun(useAfterRevoke, { openBreaker: revoked });
    expect(agentRun.see(agent.at(9).writes())[0]?.trip?.level).toBe(5);
    const suspended = { ...APPLIED, kind: 'agent' } as const;
    const nextRung = new DetectorRun(useAfterRevoke, { openBreaker: suspended });
    expect(nextRung.see(agent.at(9).writes())[0]?.trip?.level).toBe(5);
  });

  it('says nothing of what nobody acknowledged, or what only asks for approval', () => {
    const unheard = { ...APPLIED, acknowledgedAt: null };
    expect(
      new DetectorRun(useAfterRevoke, { openBreaker: unheard }).see(agent.at(9).writes()),
    ).toEqual([]);
    const stepUp = { ...APPLIED, level: 2 } as const;
    expect(
      new DetectorRun(useAfterRevoke, { openBreaker: stepUp }).see(agent.at(9).writes()),
    ).toEqual([]);
    expect(new DetectorRun(useAfterRevoke).see(agent.at(9).writes())).toEqual([]);
  });

  it('finds the use of a token whose issuer told that it was revoked', () => {
    const run = new DetectorRun(useAfterRevoke);
    const revoke = agent.at(5).having({ kind: 'token_use', token });
    expect(run.see(revoke.calls('token.revoke', 'delete'))).toEqual([]);
    const using = (minute: number) => run.see(agent.at(minute).having({ token }).writes());
    expect(using(4)).toEqual([]);
    expect(using(5.4)).toEqual([]);
    expect(using(8)[0]).toMatchObject({ facts: { revoked: 'token' }, trip: { level: 4 } });
    const other = agent.at(8).having({ token: { jti: 'j-1', iss: 'other' } });
    expect(run.see(other.writes())).toEqual([]);
  });

  it('does not take the word of an agent, a failed order or a tool of such a name', () => {
    const run = new DetectorRun(useAfterRevoke);
    const order = agent.at(1).having({ kind: 'admin', token });
    run.see(order.trust('agent').calls('revoke_token'));
    run.see(order.outcome('denied').calls('revoke_token'));
    run.see(agent.at(1).having({ token }).calls('revoke_access'));
    expect(run.see(agent.at(9).having({ token }).writes())).toEqual([]);
  });
});
