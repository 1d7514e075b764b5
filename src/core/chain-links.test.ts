import { describe, expect, it } from 'vitest';
import { type ChainClock, judgeChain } from './chain-links.ts';
import type { ChainStep } from './chain-step.ts';

const GRACE = 1_000;
const HEARD = { firstTime: -1, watermark: 100_000 };
const CLOCK: ChainClock = {
  logTime: 100_000,
  graceMs: GRACE,
  decisions: HEARD,
  tokens: null,
  executions: HEARD,
};

let seq = 0;
function step(own: Partial<ChainStep> = {}): ChainStep {
  seq += 1;
  return {
    seq,
    loggedAt: 0,
    time: 0,
    eventId: `e-${seq}`,
    role: 'tool_call',
    agent: 'bot',
    source: 'sdk',
    trust: 'broker',
    action: 'read',
    outcome: 'success',
    ...own,
  };
}

const decision = (own: Partial<ChainStep> = {}) =>
  step({ role: 'decision', source: 'opa', trust: 'pdp', verdict: 'allow', ...own });

function linksOf(steps: readonly ChainStep[], clock: Partial<ChainClock> = {}) {
  const [execution] = judgeChain(steps, { ...CLOCK, ...clock }).executions;
  if (execution === undefined) throw new Error('no execution');
  return execution;
}

const reasons = (steps: readonly ChainStep[], clock: Partial<ChainClock> = {}) =>
  judgeChain(steps, { ...CLOCK, ...clock }).gaps.map(({ state, reason }) => `${state} ${reason}`);

describe('the links of an execution', () => {
  it('are late when they were logged after the grace, and only then', () => {
    const inTime = decision({ loggedAt: GRACE });
    const late = decision({ loggedAt: GRACE + 1 });
    expect(linksOf([step(), inTime]).decision).toMatchObject({ state: 'present', seq: inTime.seq });
    expect(linksOf([step(), late]).decision).toMatchObject({ state: 'late', seq: late.seq });
    const approval = step({ role: 'approval', approval: 'approved', loggedAt: GRACE + 1 });
    const token = step({ role: 'token', jti: 'j', loggedAt: GRACE + 1 });
    const run = step({ role: 'request', loggedAt: GRACE + 1 });
    const all = linksOf([step(), inTime, approval, token, run]);
    expect([all.approval.state, all.token.state, all.request.state]).toEqual([
      'late',
      'late',
      'late',
    ]);
    expect(reasons([step(), late, approval, token, run])).toEqual([]);
  });

  it('are pending within the grace and until the source told of later times', () => {
    const undecided = 'execution_without_decision';
    expect(reasons([step()])).toEqual([`missing ${undecided}`]);
    expect(reasons([step()], { logTime: GRACE })).toEqual([`pending ${undecided}`]);
    const behind = { ...HEARD, watermark: 0 };
    expect(reasons([step()], { decisions: behind })).toEqual([`pending ${undecided}`]);
  });

  it('are not expected where no source of them was heard before', () => {
    expect(reasons([step()], { decisions: null })).toEqual([]);
    expect(reasons([step()], { decisions: { firstTime: 1, watermark: 9 } })).toEqual([]);
    expect(reasons([step({ outcome: 'denied' })])).toEqual([]);
  });

  it('tell of what ran after a deny, and not of what failed', () => {
    const deny = decision({ verdict: 'deny' });
    expect(reasons([step(), deny])).toEqual(['missing execution_after_deny']);
    expect(reasons([step({ outcome: 'failure' }), deny])).toEqual([]);
  });

  it('take one action told twice for one, and two calls for two', () => {
    const twice = [step({ callId: 'c' }), step({ callId: 'c', source: 'gateway' })];
    expect(judgeChain(twice, CLOCK).executions).toHaveLength(1);
    const both = [step({ callId: 'c' }), step({ callId: 'd' }), decision(), decision()];
    expect(judgeChain(both, CLOCK).executions).toHaveLength(2);
    expect(reasons(both)).toEqual([]);
    expect(reasons(both.slice(0, 3))).toEqual(['missing execution_without_decision']);
  });

  it('tell of a decision that nobody executed', () => {
    expect(reasons([decision()])).toEqual(['missing decision_without_execution']);
    expect(reasons([decision({ verdict: 'deny' })])).toEqual([]);
  });

  it('ask for an approval where one was required, and for an outcome always', () => {
    const asks = decision({ verdict: 'challenge' });
    expect(reasons([step(), asks])).toEqual(['missing approval_missing']);
    const refused = step({ role: 'approval', approval: 'denied', agent: 'bot' });
    expect(reasons([step(), asks, refused])).toEqual(['missing approval_missing']);
    const granted = step({ role: 'approval', approval: 'approved' });
    expect(reasons([step(), asks, refused, granted])).toEqual([]);
    expect(reasons([step({ outcome: 'unknown' }), decision()])).toEqual([
      'missing outcome_missing',
    ]);
  });
});
