import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import approvalMissing from './approval-missing.ts';

const GRANT = {
  tenant: 'acme',
  agent: 'pay-bot',
  approval: { requiredFor: ['refund_*', 'pay_0'], maxAmount: 200 },
} as const;

detectorConformance(approvalMissing, { grant: GRANT });

describe('approval_missing', () => {
  const agent = scenario('acme').agent('pay-bot').session('s-1');
  const start = () => new DetectorRun(approvalMissing, { grant: GRANT });
  const answer = (status: string, change: object = {}) =>
    agent.having({ kind: 'approval', approval: { status, approver: 'kim', id: 'a-1' }, ...change });

  it('is blind without a grant, or without the amount that it limits', () => {
    expect(new DetectorRun(approvalMissing).blindFor(agent.writes())).toBe('grant');
    expect(start().blindFor(agent.writes())).toBeNull();
    const grant = { tenant: 'acme', agent: 'pay-bot', approval: { maxAmount: 200 } };
    const limited = new DetectorRun(approvalMissing, { grant });
    expect(limited.blindFor(agent.writes())).toBe('action.amount');
    expect(limited.blindFor(agent.pays(5))).toBeNull();
  });

  it('steps up after a call that needs an approval and has none', () => {
    expect(start().see(agent.writes('refund_order'))[0]).toMatchObject({
      level: 'high',
      trip: { key: 'session', level: 2 },
    });
    expect(start().see(agent.writes('look_up'))).toEqual([]);
    expect(start().see(agent.outcome('denied').writes('refund_order'))).toEqual([]);
  });

  it('minds the amount, whatever its sign', () => {
    expect(start().see(agent.pays(200))).toEqual([]);
    expect(start().see(agent.pays(201))[0]).toMatchObject({ actual: 201, typical: 200 });
    expect(start().see(agent.pays(-201))).toHaveLength(1);
    expect(start().see(agent.pays(Number.NaN))).toEqual([]);
  });

  it('takes the approval that the call names, or that came before it', () => {
    const approved = agent.having({ approval: { status: 'approved', id: 'a-1' } });
    expect(start().see(approved.writes('refund_order'))).toEqual([]);
    const run = start();
    run.see(answer('approved').calls('refund_order'));
    const named = agent.having({ approval: { status: 'required', id: 'a-1' } });
    expect(run.see(named.writes('refund_order'))).toEqual([]);
    const bySession = start();
    bySession.see(answer('approved', { approval: { status: 'approved' } }).calls('refund_order'));
    expect(bySession.see(agent.writes('refund_order'))).toEqual([]);
    expect(bySession.see(agent.writes('refund_all'))).toHaveLength(1);
  });

  it('suspends what was carried out after a refusal', () => {
    const run = start();
    run.see(answer('rejected').calls('refund_order'));
    const named = agent.having({ approval: { status: 'approved', id: 'a-1' } });
    expect(run.see(named.writes('refund_order'))[0]?.trip?.level).toBe(4);
  });

  it('does not take the word of the agent that it was approved', () => {
    const said = agent.trust('agent').having({ approval: { status: 'approved', id: 'a-1' } });
    expect(start().see(said.writes('refund_order'))).toHaveLength(1);
  });
});
