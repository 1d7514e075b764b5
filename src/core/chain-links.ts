import type { ChainStep } from './chain-step.ts';
import type { EpochMs } from './time.ts';

export const CHAIN_GAP_REASONS = [
  'execution_without_decision',
  'execution_after_deny',
  'decision_without_execution',
  'approval_missing',
  'token_missing',
  'outcome_missing',
] as const;

/** Why a link is missing, or why what is there is not as it should be. */
export type ChainGapReason = (typeof CHAIN_GAP_REASONS)[number];

/**
 * `late` came, but only after its grace; `pending` is not there and may still come; `not_expected`
 * is not there and nothing says that it should be.
 */
export type ChainLinkState = 'present' | 'late' | 'pending' | 'missing' | 'not_expected';

export interface ChainLinkFact {
  readonly state: ChainLinkState;
  /** The record that shows it; null without one. */
  readonly seq: number | null;
  readonly reason: ChainGapReason | null;
}

/** One action, however many sources told of it, and its links. */
export interface ChainExecution {
  /** Of its records, in order of time; the first stands for it. */
  readonly seqs: readonly number[];
  readonly eventId: string;
  readonly agent: string;
  readonly action: string;
  readonly request: ChainLinkFact;
  readonly decision: ChainLinkFact;
  readonly approval: ChainLinkFact;
  readonly token: ChainLinkFact;
  readonly outcome: ChainLinkFact;
}

export interface ChainGap {
  readonly reason: ChainGapReason;
  readonly state: 'pending' | 'missing';
  /** The record after which the gap is: the execution's first, or the decision. */
  readonly seq: number;
  readonly eventId: string;
}

export interface ChainJudgement {
  readonly executions: readonly ChainExecution[];
  readonly gaps: readonly ChainGap[];
}

/** When a kind of source was heard: by event time, so that the order of arrival does not matter. */
export interface SourceHeard {
  readonly firstTime: EpochMs;
  /** The latest event time: what happened before it, this source has told. */
  readonly watermark: EpochMs;
}

/** What has to be known of the tenant before anything may be called missing. */
export interface ChainClock {
  readonly logTime: EpochMs;
  /** Silence of a source is no gap before this time has passed. */
  readonly graceMs: number;
  /** Sources of records of decisions (not of trust `agent`); null where none was heard. */
  readonly decisions: SourceHeard | null;
  readonly tokens: SourceHeard | null;
  readonly executions: SourceHeard | null;
}

/**
 * Says of each execution of a chain which links are there. Depends on what the records say and on
 * how far log and sources have come, not on the order in which they came; only `late` tells that.
 */
export function judgeChain(steps: readonly ChainStep[], clock: ChainClock): ChainJudgement {
  const ordered = [...steps].sort(byTime);
  const groups = groupExecutions(ordered);
  const decisions = assignDecisions(ordered, groups);
  const executions: ChainExecution[] = [];
  const gaps: ChainGap[] = [];
  for (const group of groups) {
    const execution = judgeExecution(group, decisions.get(group) ?? null, ordered, clock);
    executions.push(execution);
    gaps.push(...gapsOf(execution));
  }
  const used = new Set(decisions.values());
  for (const step of ordered) {
    if (step.role !== 'decision' || step.verdict !== 'allow' || used.has(step)) continue;
    const { state, reason } = expected(
      [step],
      clock,
      clock.executions,
      'decision_without_execution',
    );
    const { seq, eventId } = step;
    if (reason !== null && (state === 'missing' || state === 'pending')) {
      gaps.push({ reason, state, seq, eventId });
    }
  }
  return { executions, gaps };
}

function byTime(a: ChainStep, b: ChainStep): number {
  return a.time - b.time || compareText(a.source, b.source) || compareText(a.eventId, b.eventId);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Records of one action: of one tool call id, of one request id and name, or a span and its child
 * of the same name; else a record joins the first action of that name that its source has not told.
 */
function groupExecutions(ordered: readonly ChainStep[]): ChainStep[][] {
  const groups: ChainStep[][] = [];
  const byKey = new Map<string, ChainStep[]>();
  const unkeyed: ChainStep[] = [];
  const executions = ordered.filter(({ role }) => role === 'tool_call');
  const spans = new Map(executions.map((step) => [step.spanId, step]));
  for (const step of executions) {
    const keys = actionKeys(step, spans);
    if (step.callId === undefined && step.requestId === undefined) {
      if (keys.every((key) => !byKey.has(key))) unkeyed.push(step);
    }
    joinGroup(step, keys, groups, byKey);
  }
  for (const step of unkeyed) mergeUntold(step, groups);
  return groups
    .filter((group) => group.length > 0)
    .map((group) => group.sort(byTime))
    .sort((a, b) => byTime(a[0] as ChainStep, b[0] as ChainStep));
}

function actionKeys(
  step: ChainStep,
  spans: ReadonlyMap<string | undefined, ChainStep>,
): readonly string[] {
  const keys: string[] = [];
  if (step.callId !== undefined) keys.push(`call ${step.callId}`);
  else if (step.requestId !== undefined) keys.push(`request ${step.requestId} ${step.action}`);
  if (step.spanId !== undefined) keys.push(`span ${step.spanId}`);
  const parent = step.parentSpanId === undefined ? undefined : spans.get(step.parentSpanId);
  if (parent !== undefined && parent !== step && parent.action === step.action) {
    keys.push(`span ${step.parentSpanId}`);
  }
  return keys;
}

function joinGroup(
  step: ChainStep,
  keys: readonly string[],
  groups: ChainStep[][],
  byKey: Map<string, ChainStep[]>,
): void {
  let own: ChainStep[] = [];
  groups.push(own);
  own.push(step);
  for (const key of keys) {
    const known = byKey.get(key);
    if (known === undefined || known === own) {
      byKey.set(key, own);
      continue;
    }
    known.push(...own.splice(0));
    for (const [other, group] of byKey) if (group === own) byKey.set(other, known);
    own = known;
  }
}

/** A record without any id of its action, told by a source of its own. */
function mergeUntold(step: ChainStep, groups: ChainStep[][]): void {
  const own = groups.find((group) => group.includes(step));
  if (own === undefined || own.length > 1) return;
  const target = groups.find(
    (group) =>
      group !== own &&
      group[0]?.action === step.action &&
      group.every(({ source }) => source !== step.source),
  );
  if (target) target.push(...own.splice(0));
}

/**
 * Which decision allowed or denied which execution, one for one: by decision id, by tool call id,
 * by action name in order of time, and at last one that names neither by its agent.
 */
function assignDecisions(
  ordered: readonly ChainStep[],
  groups: readonly (readonly ChainStep[])[],
): ReadonlyMap<readonly ChainStep[], ChainStep> {
  const assigned = new Map<readonly ChainStep[], ChainStep>();
  const decisions = ordered.filter((step) => step.role === 'decision' && step.trust !== 'agent');
  const used = new Set<ChainStep>();
  const pair = (matches: (decision: ChainStep, step: ChainStep) => boolean, reuse: boolean) => {
    for (const decision of decisions) {
      if (used.has(decision)) continue;
      for (const group of groups) {
        if (assigned.has(group) || !group.some((step) => matches(decision, step))) continue;
        assigned.set(group, decision);
        used.add(decision);
        if (!reuse) break;
      }
    }
  };
  pair((decision, step) => same(decision.decisionId, step.decisionId), true);
  pair((decision, step) => same(decision.callId, step.callId), true);
  pair((decision, step) => decision.action === step.action, false);
  const names = new Set(groups.flatMap((group) => group.map(({ action }) => action)));
  const isOfOther = (decision: ChainStep) =>
    decision.callId !== undefined || names.has(decision.action);
  pair((decision, step) => !isOfOther(decision) && decision.agent === step.agent, false);
  return assigned;
}

function same(left: string | undefined, right: string | undefined): boolean {
  return left !== undefined && left === right;
}

function judgeExecution(
  group: readonly ChainStep[],
  decided: ChainStep | null,
  ordered: readonly ChainStep[],
  clock: ChainClock,
): ChainExecution {
  const first = group[0] as ChainStep;
  const decision = decisionLink(group, decided, clock);
  const outcomes = group.filter((step) => step.outcome !== 'unknown');
  return {
    seqs: group.map(({ seq }) => seq),
    eventId: first.eventId,
    agent: first.agent,
    action: first.action,
    request: shown(ordered.find(({ role }) => role === 'request') ?? null, group, clock),
    decision,
    approval: approvalLink(group, decided, ordered, clock),
    token: tokenLink(group, ordered, clock),
    outcome:
      outcomes.length === 0
        ? absent(group, clock, 'outcome_missing')
        : { ...shown(earliest(outcomes), group, clock), seq: outcomes[0]?.seq ?? null },
  };
}

function decisionLink(
  group: readonly ChainStep[],
  decided: ChainStep | null,
  clock: ChainClock,
): ChainLinkFact {
  // With a source of decisions, what an agent says of its own permission is no evidence.
  const told = group.find(
    ({ verdict, trust }) => verdict !== undefined && (trust !== 'agent' || !clock.decisions),
  );
  const decision = decided ?? told ?? null;
  if (decision === null) {
    // Refused where it was asked for: the refusal is the decision.
    if (group.some((step) => step.outcome === 'denied')) return NOT_EXPECTED;
    return expected(group, clock, clock.decisions, 'execution_without_decision');
  }
  const fact = shown(decision, group, clock);
  const denied = decision.verdict === 'deny' && decision.role === 'decision';
  return denied && succeeded(group) ? { ...fact, reason: 'execution_after_deny' } : fact;
}

/** The record of these that was known of first. */
function earliest(steps: readonly ChainStep[]): ChainStep | null {
  return steps.reduce<ChainStep | null>(
    (first, step) => (first === null || step.loggedAt < first.loggedAt ? step : first),
    null,
  );
}

/** A failure may be how a refusal reached the caller; only a success shows that it ran. */
function succeeded(group: readonly ChainStep[]): boolean {
  return group.some(({ outcome }) => outcome === 'success');
}

const ASKING_VERDICTS: ReadonlySet<string> = new Set(['challenge', 'pending']);
/** Statuses of an approval that is still asked for. */
export const ASKING: ReadonlySet<string> = new Set(['required', 'pending', 'requested']);
/** Statuses of an approval that was given. */
export const GRANTED: ReadonlySet<string> = new Set(['approved', 'granted', 'allowed']);

function approvalLink(
  group: readonly ChainStep[],
  decided: ChainStep | null,
  ordered: readonly ChainStep[],
  clock: ChainClock,
): ChainLinkFact {
  const names = new Set([...group, ...(decided ? [decided] : [])].map(({ action }) => action));
  const calls = new Set(group.map(({ callId }) => callId));
  const about = ordered.filter((step) => {
    if (step.approval === undefined) return false;
    if (group.includes(step) || step === decided) return true;
    if (step.role !== 'approval') return false;
    if (step.callId !== undefined) return calls.has(step.callId);
    return names.has(step.action) || step.agent === group[0]?.agent;
  });
  const granted = about.find(({ approval }) => GRANTED.has(approval ?? ''));
  if (granted !== undefined) return shown(granted, group, clock);
  const verdicts = [...group, ...(decided ? [decided] : [])];
  const required =
    about.length > 0 || verdicts.some(({ verdict }) => ASKING_VERDICTS.has(verdict ?? ''));
  if (!required || !succeeded(group)) return NOT_EXPECTED;
  const refused = about.find(({ approval }) => !ASKING.has(approval ?? ''));
  if (refused === undefined) return absent(group, clock, 'approval_missing');
  return { state: 'missing', seq: refused.seq, reason: 'approval_missing' };
}

function tokenLink(
  group: readonly ChainStep[],
  ordered: readonly ChainStep[],
  clock: ChainClock,
): ChainLinkFact {
  const ids = new Set(group.flatMap(({ jti, txn }) => [jti, txn]).filter((id) => id !== undefined));
  const tokens = ordered.filter(({ role }) => role === 'token');
  const token =
    tokens.find(({ jti, txn }) => ids.has(jti ?? '') || ids.has(txn ?? '')) ??
    group.find(({ jti, txn }) => jti !== undefined || txn !== undefined) ??
    tokens.find(({ agent }) => agent === group[0]?.agent);
  if (token !== undefined) return shown(token, group, clock);
  return expected(group, clock, clock.tokens, 'token_missing');
}

const NOT_EXPECTED: ChainLinkFact = { state: 'not_expected', seq: null, reason: null };

function shown(
  step: ChainStep | null,
  group: readonly ChainStep[],
  clock: ChainClock,
): ChainLinkFact {
  if (step === null) return NOT_EXPECTED;
  const late = step.loggedAt > loggedOf(group) + clock.graceMs;
  return { state: late ? 'late' : 'present', seq: step.seq, reason: null };
}

/** Missing only where a source of it was heard before, and has since told of later times. */
function expected(
  group: readonly ChainStep[],
  clock: ChainClock,
  source: SourceHeard | null,
  reason: ChainGapReason,
): ChainLinkFact {
  const time = group[0]?.time ?? 0;
  if (source === null || source.firstTime > time) return NOT_EXPECTED;
  if (source.watermark <= time) return { state: 'pending', seq: null, reason };
  return absent(group, clock, reason);
}

function absent(
  group: readonly ChainStep[],
  clock: ChainClock,
  reason: ChainGapReason,
): ChainLinkFact {
  const state = loggedOf(group) + clock.graceMs < clock.logTime ? 'missing' : 'pending';
  return { state, seq: null, reason };
}

/** Log time at which the action was first known of. */
function loggedOf(group: readonly ChainStep[]): EpochMs {
  return Math.min(...group.map(({ loggedAt }) => loggedAt));
}

function gapsOf(execution: ChainExecution): readonly ChainGap[] {
  const { decision, approval, token, outcome, seqs, eventId } = execution;
  const gaps: ChainGap[] = [];
  for (const { state, reason } of [decision, approval, token, outcome]) {
    if (reason === null) continue;
    const seq = seqs[0] ?? 0;
    gaps.push({ reason, state: state === 'pending' ? 'pending' : 'missing', seq, eventId });
  }
  return gaps;
}
