import type { AccessEvent } from './access-event.ts';
import {
  ASKING,
  type ChainExecution,
  type ChainJudgement,
  type ChainLinkFact,
  GRANTED,
} from './chain-links.ts';
import type { AppliesWhen, Criterion, CriterionId, Rubric } from './rubric.ts';

/** What a rubric is asked about: the records of one chain, and what is judged of its links. */
export interface ChainFacts {
  readonly records: readonly { readonly seq: number; readonly event: AccessEvent }[];
  readonly judgement: ChainJudgement;
}

export type CriterionResult = 'pass' | 'fail' | 'not_applicable';

export interface CriterionOutcome {
  readonly id: CriterionId;
  readonly question: string;
  readonly weight: number;
  readonly required: boolean;
  readonly result: CriterionResult;
}

export interface Evaluation {
  readonly rubric: string;
  /** 0 to 100, to one decimal; null where no criterion applies. */
  readonly score: number | null;
  /** `review`: below the threshold, or a required criterion failed. */
  readonly verdict: 'pass' | 'review' | 'not_applicable';
  readonly outcomes: readonly CriterionOutcome[];
}

/**
 * Scores a chain: the weight of the criteria that pass by that of all that apply. A criterion whose
 * records are not there to ask does not apply, unless their absence is what it asks about. Pure:
 * the same records give the same evaluation.
 */
export function evaluateChain(facts: ChainFacts, rubric: Rubric): Evaluation {
  const read = readingOf(facts);
  const outcomes = rubric.criteria.map((criterion) => outcomeOf(criterion, read));
  let passed = 0;
  let whole = 0;
  for (const { result, weight } of outcomes) {
    if (result === 'pass') passed += weight;
    if (result !== 'not_applicable') whole += weight;
  }
  const score = whole === 0 ? null : Math.round((1_000 * passed) / whole) / 10;
  const missesRequired = outcomes.some(({ required, result }) => required && result === 'fail');
  return { rubric: rubric.version, score, verdict: verdictOf(), outcomes };

  function verdictOf(): Evaluation['verdict'] {
    if (score === null) return 'not_applicable';
    return missesRequired || score < rubric.reviewBelow ? 'review' : 'pass';
  }
}

/** The ids of the criteria that failed, in order of the rubric. */
export function failedCriteria({ outcomes }: Evaluation): readonly CriterionId[] {
  return outcomes.flatMap(({ id, result }) => (result === 'fail' ? [id] : []));
}

interface Reading {
  readonly events: readonly AccessEvent[];
  readonly executions: readonly ChainExecution[];
  /** Records of executions. */
  readonly executed: readonly AccessEvent[];
  readonly bySeq: ReadonlyMap<number, AccessEvent>;
}

function readingOf({ records, judgement }: ChainFacts): Reading {
  const bySeq = new Map(records.map(({ seq, event }) => [seq, event]));
  const { executions } = judgement;
  const executed = executions.flatMap(({ seqs }) => eventsOf(bySeq, seqs));
  return { events: records.map(({ event }) => event), executions, executed, bySeq };
}

function eventsOf(
  bySeq: ReadonlyMap<number, AccessEvent>,
  seqs: readonly number[],
): readonly AccessEvent[] {
  return seqs.flatMap((seq) => bySeq.get(seq) ?? []);
}

function outcomeOf(criterion: Criterion, read: Reading): CriterionOutcome {
  const { id, question, weight, required, appliesWhen } = criterion;
  const applies = read.executions.length > 0 && isMet(appliesWhen, read);
  const answer = applies ? ANSWERS[id](read) : null;
  let result: CriterionResult = 'not_applicable';
  if (answer !== null) result = answer ? 'pass' : 'fail';
  return { id, question, weight, required, result };
}

function isMet({ operations, sensitivity }: AppliesWhen, { executed }: Reading): boolean {
  if (operations === undefined && sensitivity === undefined) return true;
  return executed.some(
    ({ action, resource }) =>
      (operations?.includes(action.op) ?? true) &&
      (sensitivity === undefined ||
        sensitivity.includes(resource?.sensitivity?.toLowerCase() ?? '')),
  );
}

/** Null where the chain has nothing to answer the question by. */
type Answer = (read: Reading) => boolean | null;

const ANSWERS: Readonly<Record<CriterionId, Answer>> = {
  decision_recorded: ({ executions }) => allLinked(executions, ({ decision }) => decision),
  decision_before_execution: ({ executions, bySeq }) =>
    everyOf(executions, ({ decision, seqs }) => {
      const decided = decision.seq === null ? undefined : bySeq.get(decision.seq);
      const [first] = eventsOf(bySeq, seqs);
      return decided && first ? decided.time <= first.time : null;
    }),
  decision_obeyed: ({ executions }) =>
    everyOf(executions, ({ decision: { reason, seq } }) => {
      if (reason === 'execution_after_deny') return false;
      return seq === null ? null : true;
    }),
  policy_named: ({ events }) =>
    everyOf(events, ({ decision }) =>
      decision === undefined
        ? null
        : decision.policy?.id !== undefined && decision.policy.version !== undefined,
    ),
  principal_named: ({ events }) => events.some(({ principal }) => principal !== undefined),
  approval_recorded: ({ executions }) => allLinked(executions, ({ approval }) => approval),
  approval_granted: ({ events }) => {
    // The last word under an id counts: what was pending may have been approved since.
    const last = new Map<string, string>();
    for (const { approval } of events) if (approval) last.set(approval.id ?? '', approval.status);
    if (last.size === 0) return null;
    const words = [...last.values()];
    const isRefused = words.some((word) => !GRANTED.has(word) && !ASKING.has(word));
    return !isRefused && words.some((word) => GRANTED.has(word));
  },
  approver_is_another: ({ events }) => {
    const requesters = new Set(
      events.flatMap(({ agent, principal, delegation = [] }) => [
        agent.id,
        ...(principal ? [principal.sub] : []),
        ...delegation.map(({ sub }) => sub),
      ]),
    );
    return everyOf(events, ({ approval }) =>
      approval?.approver === undefined ? null : !requesters.has(approval.approver),
    );
  },
  sensitive_approved: ({ events }) =>
    events.some(({ approval }) => GRANTED.has(approval?.status ?? '')),
  token_bound: ({ executions }) => allLinked(executions, ({ token }) => token),
  token_valid: ({ executed }) =>
    everyOf(executed, ({ token, time }) => {
      if (token === undefined) return null;
      if (token.verified === false || token.failure !== undefined) return false;
      return token.exp === undefined ? null : time < token.exp;
    }),
  scope_covers: ({ executed }) =>
    everyOf(executed, ({ scopes }) => {
      const { required = [], granted } = scopes ?? {};
      if (required.length === 0 || granted === undefined) return null;
      return required.every((scope) => granted.includes(scope));
    }),
  purpose_given: ({ events }) =>
    events.some(({ intent }) => intent?.text !== undefined || intent?.scope !== undefined),
  reasoning_given: ({ events }) => events.some(({ reasoning }) => reasoning !== undefined),
  outcome_recorded: ({ executions }) => allLinked(executions, ({ outcome }) => outcome),
  tenant_consistent: ({ events }) =>
    new Set(events.map(({ tenant }) => tenant.id)).size === 1 &&
    events.every(
      ({ tenant, resource }) =>
        tenant.claimed === undefined &&
        (resource?.tenant === undefined || resource.tenant === tenant.id),
    ),
};

/** Whether every execution that should have the link has it; what may still come is not judged. */
function allLinked(
  executions: readonly ChainExecution[],
  linkOf: (execution: ChainExecution) => ChainLinkFact,
): boolean | null {
  return everyOf(executions, (execution) => {
    const { state } = linkOf(execution);
    if (state === 'pending' || state === 'not_expected') return null;
    return state !== 'missing';
  });
}

/** Whether all that have an answer say yes; null where none has one. */
function everyOf<Item>(
  items: readonly Item[],
  answer: (item: Item) => boolean | null,
): boolean | null {
  const answers = items.flatMap((item) => answer(item) ?? []);
  return answers.length === 0 ? null : answers.every(Boolean);
}
