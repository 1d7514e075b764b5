import type { ChainBody, ChainExecutionBody } from '../../../../src/api/contract.ts';

type Gap = ChainBody['gaps'][number];

const MISSING: Readonly<Record<string, string>> = {
  execution_without_decision: 'Execution without decision: no policy decision is on record for it',
  execution_after_deny: 'Executed after a deny: policy refused it, and it succeeded all the same',
  decision_without_execution: 'Allowed, but no execution is on record; nothing wrong by itself',
  approval_missing: 'Approval missing: it was required, and it ran without',
  token_missing: 'Token missing: no decision token was issued or presented for it',
  outcome_missing: 'Outcome missing: nobody reported how it ended',
};

const PENDING: Readonly<Record<string, string>> = {
  execution_without_decision: 'Policy decision not here yet; it may still come',
  decision_without_execution: 'Allowed; no execution so far',
  approval_missing: 'Approval not here yet; it may still come',
  token_missing: 'Token not here yet; it may still come',
  outcome_missing: 'Outcome not here yet; it may still come',
};

/** A gap in words, for the row that stands where the record would. */
export function gapText({ reason, state }: Gap): string {
  const words = state === 'pending' ? PENDING : MISSING;
  return words[reason] ?? reason.replaceAll('_', ' ');
}

const SHORT: Readonly<Record<string, string>> = {
  execution_without_decision: 'No decision',
  execution_after_deny: 'Ran after a deny',
  decision_without_execution: 'Not executed',
  approval_missing: 'No approval',
  token_missing: 'No token',
  outcome_missing: 'No outcome',
};

/** Every reason for a gap, the gravest first, with what a list calls it. */
export const GAP_WORDS: readonly (readonly [reason: string, word: string])[] = [
  'execution_after_deny',
  ...Object.keys(SHORT).filter((reason) => reason !== 'execution_after_deny'),
].map((reason) => [reason, shortGap(reason)]);

/** A gap in two or three words. */
export function shortGap(reason: string): string {
  return SHORT[reason] ?? reason.replaceAll('_', ' ');
}

/** Whether a person should look: allowed and not done is nobody's bypass. */
export function isGrave({ reason, state }: Pick<Gap, 'reason' | 'state'>): boolean {
  return state === 'missing' && reason !== 'decision_without_execution';
}

const LINKS = ['request', 'decision', 'approval', 'token', 'outcome'] as const;

/** The links of one action with a word each; the action itself is there, or nobody would ask. */
export function linkWords(
  execution: ChainExecutionBody,
): readonly { readonly name: string; readonly word: string; readonly state: string }[] {
  return LINKS.map((name) => {
    const { state, reason } = execution.links[name];
    const refused = reason === 'execution_after_deny';
    const word = state === 'not_expected' ? 'not expected' : state;
    return refused ? { name, word: 'denied, yet it ran', state: 'missing' } : { name, word, state };
  });
}

const KEYS: Readonly<Record<string, string>> = {
  txn: 'transaction',
  trace: 'trace',
  jti: 'token',
  decision: 'decision id',
  approval: 'approval id',
  call: 'tool call id',
  request: 'request id',
  task: 'A2A task id',
  session: 'session',
};

/** What a join key is called. */
export function keyWord(kind: string): string {
  return KEYS[kind] ?? kind;
}

const ROLES: Readonly<Record<string, string>> = {
  decision: 'policy decision',
  tool_call: 'tool call',
  other: 'step',
};

/** What a role is called. */
export function roleWord(role: string): string {
  return ROLES[role] ?? role;
}
