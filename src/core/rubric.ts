import type { Operation } from './access-event.ts';

/** What a criterion can ask of a chain; each is answered by the records alone. */
export const CRITERIA = [
  'decision_recorded',
  'decision_before_execution',
  'decision_obeyed',
  'policy_named',
  'principal_named',
  'approval_recorded',
  'approval_granted',
  'approver_is_another',
  'sensitive_approved',
  'token_bound',
  'token_valid',
  'scope_covers',
  'purpose_given',
  'reasoning_given',
  'outcome_recorded',
  'tenant_consistent',
] as const;
export type CriterionId = (typeof CRITERIA)[number];

/** To which chains a criterion applies: some execution must match every member given. */
export interface AppliesWhen {
  readonly operations?: readonly Operation[];
  readonly sensitivity?: readonly string[];
}

export interface Criterion {
  readonly id: CriterionId;
  readonly question: string;
  /** Above 0; what it counts beside the others. */
  readonly weight: number;
  /** Failing it asks for a review, whatever the score. */
  readonly required: boolean;
  readonly appliesWhen: AppliesWhen;
}

/** Weighted questions about how a request was decided and carried out. */
export interface Rubric {
  /** Names the rubric in the record; rises when its meaning changes. */
  readonly version: string;
  /** Scores below it ask for a review, 0 to 100. */
  readonly reviewBelow: number;
  readonly criteria: readonly Criterion[];
}

/** Labels of resources whose changes want a person's approval. */
const SENSITIVE: readonly string[] = ['high', 'critical', 'confidential', 'restricted', 'secret'];
const CHANGES: readonly Operation[] = ['write', 'delete', 'execute', 'admin'];

function asks(
  id: CriterionId,
  weight: number,
  question: string,
  more: Partial<Criterion> = {},
): Criterion {
  return { id, question, weight, required: false, appliesWhen: {}, ...more };
}

/** The rubric unless configured otherwise. */
export const DEFAULT_RUBRIC: Rubric = {
  version: 'default-1',
  reviewBelow: 60,
  criteria: [
    asks('decision_recorded', 3, 'Was every action decided by a policy, on record?'),
    asks('decision_before_execution', 2, 'Was it decided before it ran?'),
    asks('decision_obeyed', 4, 'Did nothing run that was denied?', { required: true }),
    asks('policy_named', 1, 'Does the decision name its policy and version?'),
    asks('principal_named', 1, 'Is it on record for whom the agent acted?'),
    asks('approval_recorded', 3, 'Is there an approval where one was asked for?'),
    asks('approval_granted', 4, 'Was it approved, not refused or pending?', { required: true }),
    asks('approver_is_another', 3, 'Did somebody else than the requester approve it?'),
    asks('sensitive_approved', 2, 'Did a person approve changes to sensitive data?', {
      appliesWhen: { operations: CHANGES, sensitivity: SENSITIVE },
    }),
    asks('token_bound', 2, 'Was every action bound to a token?'),
    asks('token_valid', 3, 'Were the tokens unexpired and not refused?'),
    asks('scope_covers', 3, 'Do the granted scopes cover those required?'),
    asks('purpose_given', 1, 'Is a purpose or intent on record?'),
    asks('reasoning_given', 1, 'Is the reasoning on record, where something was changed?', {
      appliesWhen: { operations: CHANGES },
    }),
    asks('outcome_recorded', 2, 'Is the outcome of every action on record?'),
    asks('tenant_consistent', 4, 'Did everything stay inside one tenant?', { required: true }),
  ],
};
