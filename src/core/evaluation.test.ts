import { describe, expect, it } from 'vitest';
import type { AccessEvent } from './access-event.ts';
import { type ChainClock, judgeChain } from './chain-links.ts';
import { stepOf } from './chain-step.ts';
import { evaluateChain, failedCriteria } from './evaluation.ts';
import { type CriterionId, DEFAULT_RUBRIC, type Rubric } from './rubric.ts';

const HEARD = { firstTime: -1, watermark: 100_000 };
const CLOCK: ChainClock = {
  ...{ logTime: 100_000, graceMs: 1_000 },
  ...{ decisions: HEARD, tokens: HEARD, executions: HEARD },
};

function event(own: Partial<AccessEvent> = {}): AccessEvent {
  return {
    ...{ v: 1, id: 'e', time: 2_000, kind: 'tool_call', phase: 'executed' },
    source: { format: 'native', deliveredBy: 'broker', trust: 'broker' },
    ...{ tenant: { id: 'acme' }, agent: { id: 'bot' } },
    action: { name: 'send', op: 'write', toolCallId: 'toolu_01A09q90qw' },
    ...{ outcome: { status: 'success' }, attrs: {} },
    ...own,
  } as AccessEvent;
}

/** A call that leaves nothing to be asked. */
const SOUND: Partial<AccessEvent> = {
  ...{ principal: { sub: 'alice' }, token: { jti: 'j', exp: 9_000, verified: true } },
  scopes: { granted: ['mail.send', 'mail.read'], required: ['mail.send'] },
  ...{ intent: { text: 'send the invoice' }, reasoning: { summary: 'asked for' } },
  resource: { tenant: 'acme', sensitivity: 'High' },
  approval: { status: 'approved', id: 'a', approver: 'kim' },
};
const DECISION: Partial<AccessEvent> = {
  ...{ id: 'd', time: 1_000, kind: 'authz_decision' },
  source: { format: 'opa', deliveredBy: 'opa', trust: 'pdp' },
  decision: { verdict: 'allow', policy: { id: 'mail', version: '12' } },
};

function evaluated(events: readonly AccessEvent[], rubric: Rubric = DEFAULT_RUBRIC) {
  const records = events.map((each, place) => ({ seq: place + 1, event: each }));
  const steps = records.map(({ seq, event: each }) => stepOf(each, seq, each.time));
  return evaluateChain({ records, judgement: judgeChain(steps, CLOCK) }, rubric);
}

/** With the decision, unless told otherwise, and a call as told. */
function resultOf(
  id: CriterionId,
  call: Partial<AccessEvent>,
  decision: Partial<AccessEvent> | null = {},
) {
  const before = decision === null ? [] : [event({ ...DECISION, ...decision })];
  const { outcomes } = evaluated([...before, event({ ...SOUND, ...call })]);
  return outcomes.find((outcome) => outcome.id === id)?.result;
}

describe('a rubric', () => {
  it('gives a request full marks that leaves nothing to be asked', () => {
    const evaluation = evaluated([event(DECISION), event(SOUND)]);
    expect(failedCriteria(evaluation)).toEqual([]);
    expect(evaluation).toMatchObject({ score: 100, verdict: 'pass', rubric: 'default-1' });
    expect(evaluation.outcomes.map(({ result }) => result)).not.toContain('not_applicable');
  });

  it('says nothing of a chain in which nothing was executed', () => {
    expect(evaluated([event(DECISION)])).toMatchObject({ score: null, verdict: 'not_applicable' });
    expect(evaluated([])).toMatchObject({ score: null });
  });

  it('weighs what passes by what applies', () => {
    const asks = (id: CriterionId, weight: number) => ({
      ...{ id, weight, question: '?', required: false, appliesWhen: {} },
    });
    const criteria = [asks('purpose_given', 1), asks('scope_covers', 3), asks('token_valid', 5)];
    const rubric = { version: 'own', reviewBelow: 50, criteria };
    const scopes = { granted: ['a'], required: ['b'] };
    const call = event({ intent: { scope: 'billing' }, scopes });
    expect(evaluated([call], rubric)).toMatchObject({ score: 25, verdict: 'review' });
    expect(evaluated([call], { ...rubric, reviewBelow: 25 })).toMatchObject({ verdict: 'pass' });
  });

  it('asks for a review where a required criterion fails, whatever the score', () => {
    const resource = { tenant: 'globex' };
    const evaluation = evaluated([event(DECISION), event({ ...SOUND, resource })]);
    expect(evaluation.score).toBeGreaterThan(80);
    expect(evaluation.verdict).toBe('review');
  });

  it('holds a criterion back from chains that it is not for', () => {
    const read = { name: 'look', op: 'read' } as const;
    expect(resultOf('sensitive_approved', { action: read })).toBe('not_applicable');
    expect(resultOf('sensitive_approved', { resource: { sensitivity: 'low' } })).toBe(
      'not_applicable',
    );
    expect(resultOf('reasoning_given', { action: read })).toBe('not_applicable');
  });
});

describe('each criterion can fail', () => {
  const pending = { approval: { status: 'pending', id: 'a' } };
  const rows: readonly [CriterionId, Partial<AccessEvent>, (Partial<AccessEvent> | null)?][] = [
    ['decision_recorded', {}, null],
    ['decision_before_execution', {}, { time: 3_000 }],
    ['decision_obeyed', {}, { decision: { verdict: 'deny' } }],
    ['policy_named', {}, { decision: { verdict: 'allow', policy: { id: 'mail' } } }],
    ['approval_recorded', pending],
    ['approval_granted', pending],
    ['approval_granted', { approval: { status: 'denied', id: 'a' } }],
    ['approver_is_another', { approval: { status: 'approved', approver: 'alice' } }],
    ['approver_is_another', { approval: { status: 'approved', approver: 'bot' } }],
    ['sensitive_approved', pending],
    ['token_valid', { token: { jti: 'j', exp: 1_999 } }],
    ['token_valid', { token: { jti: 'j', exp: 9_000, verified: false } }],
    ['scope_covers', { scopes: { granted: [], required: ['mail.send'] } }],
    ['outcome_recorded', { outcome: { status: 'unknown' } }],
    ['tenant_consistent', { tenant: { id: 'acme', claimed: 'globex' } }],
    ['tenant_consistent', { tenant: { id: 'globex' } }],
  ];
  it.each(rows)('%s of %o', (id, call, decision) => {
    expect(resultOf(id, {})).toBe('pass');
    expect(resultOf(id, call, decision)).toBe('fail');
  });

  it.each(['principal_named', 'purpose_given', 'reasoning_given', 'token_bound'] as const)(
    '%s of a bare call',
    (id) => {
      const { outcomes } = evaluated([event(DECISION), event()]);
      expect(outcomes.find((outcome) => outcome.id === id)?.result).toBe('fail');
    },
  );

  it('but what was pending and then approved is granted', () => {
    const asked = event({ ...DECISION, approval: { status: 'required' } });
    const { outcomes } = evaluated([asked, event(SOUND)]);
    expect(outcomes.find(({ id }) => id === 'approval_granted')?.result).toBe('pass');
  });
});
