import type { AccessEvent } from '../core/access-event.ts';
import { type Evaluation, failedCriteria } from '../core/evaluation.ts';
import { LIMITS } from '../core/limits.ts';
import type { ChainRow } from '../ports/store.ts';

/**
 * A chain told to a judge: its redacted records without arguments, attributes or identifiers of
 * persons, and what the rubric says; JSON, and cut to `LIMITS.judgePromptChars`.
 */
export function judgeBrief(rows: readonly ChainRow[], evaluation: Evaluation): string {
  const outcomes = evaluation.outcomes.map(({ id, question, result }) => ({
    id,
    question,
    result,
  }));
  const steps = rows.slice(0, LIMITS.judgeSteps).map(({ event }) => stepBrief(event));
  const told = {
    rubric: { score: evaluation.score, failed: failedCriteria(evaluation), outcomes },
    records: rows.length,
    steps,
  };
  for (;;) {
    const text = JSON.stringify(told);
    if (text.length <= LIMITS.judgePromptChars || steps.length === 0) {
      return text.slice(0, LIMITS.judgePromptChars);
    }
    steps.pop();
  }
}

function stepBrief(event: AccessEvent): object {
  const { kind, phase, action, resource, decision, approval, scopes, intent, reasoning } = event;
  return {
    kind,
    phase,
    action: action.name,
    operation: action.op,
    outcome: event.outcome.status,
    ...(resource === undefined
      ? {}
      : { resource: { type: resource.type, sensitivity: resource.sensitivity } }),
    ...(decision === undefined
      ? {}
      : { decision: { verdict: decision.verdict, policy: decision.policy } }),
    ...(approval === undefined
      ? {}
      : { approval: { status: approval.status, by_a_person: approval.approver !== undefined } }),
    ...(scopes === undefined
      ? {}
      : { scopes: { required: scopes.required, granted: scopes.granted } }),
    ...(intent === undefined ? {} : { intent }),
    ...(reasoning === undefined ? {} : { reasoning }),
  };
}
