import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import approvalRubberStamp from './approval-rubber-stamp.ts';

detectorConformance(approvalRubberStamp);

describe('approval_rubber_stamp', () => {
  const agent = scenario('acme').agent('pay-bot').session('s-1');
  const approval = (minute: number, status: string, id: string, approver?: string) =>
    agent.at(minute).having({
      kind: 'approval',
      approval: { status, id, ...(approver === undefined ? {} : { approver }) },
    });

  /** Each question and its answer; what the last answer led to. */
  const answering = (statuses: readonly string[], tookMinutes: number, everyMinutes = 5) => {
    const run = new DetectorRun(approvalRubberStamp);
    return statuses.flatMap((status, index) => {
      const asked = approval(index * everyMinutes, 'pending', `a-${index}`).calls('pay');
      const minute = index * everyMinutes + tookMinutes;
      const given = approval(minute, status, `a-${index}`, 'kim').calls('pay');
      return [...run.see(asked), ...run.see(given)];
    });
  };
  const yes = (count: number) => Array<string>(count).fill('approved');

  it('is blind where nobody says who answered, or when it was asked', () => {
    const run = new DetectorRun(approvalRubberStamp);
    expect(run.blindFor(approval(0, 'approved', 'a-1').calls('pay'))).toBe('approval.approver');
    const timeless = agent.having({
      kind: 'approval',
      approval: { status: 'approved', approver: 'k' },
    });
    expect(run.blindFor(timeless.calls('pay'))).toBe('approval.id');
  });

  it('tells of twenty approvals within seconds, and not of nineteen', () => {
    expect(answering(yes(19), 0.05)).toEqual([]);
    const found = answering(yes(20), 0.05);
    expect(found[0]).toMatchObject({
      level: 'medium',
      trip: null,
      title: 'One person approved 20 of 20 requests, 100 % within seconds',
      measures: { answers: 20, fast: 20, refusals_at_most: 0.15 },
    });
  });

  it('leaves people alone who take their time, or refuse now and then', () => {
    expect(answering(yes(60), 1)).toEqual([]);
    const statuses = yes(60).map((status, index) => (index % 15 === 3 ? 'rejected' : status));
    expect(answering(statuses, 0.05)).toEqual([]);
  });

  it('begins anew with every window', () => {
    expect(answering(yes(60), 0.05, 120)).toEqual([]);
  });

  it('reads the time of an answer from its latency too, and believes no agent', () => {
    const stamped = (trust: 'agent' | 'broker') => {
      const run = new DetectorRun(approvalRubberStamp);
      return yes(30).flatMap((status, index) =>
        run.see({
          ...approval(index, status, `a-${index}`, 'kim').trust(trust).calls('pay'),
          latencyMs: 2_000,
        }),
      );
    };
    expect(stamped('broker').length).toBeGreaterThan(0);
    expect(stamped('agent')).toEqual([]);
  });
});
