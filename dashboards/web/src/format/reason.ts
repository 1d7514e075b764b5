import type { BreakerBody, KeyBody } from '../../../../src/api/breaker-contract.ts';
import type { FindingBody } from '../../../../src/api/contract.ts';
import { formatDuration, formatMeasure, formatProbability, measureInWords } from './number.ts';

/**
 * The reason in words: `4,812 records in 5 min, usually up to 210 (p<1e-9)`; the title if nothing
 * is counted, or nobody says of what.
 */
export function reasonOf(finding: FindingBody): string {
  const measure = measureOf(finding);
  if (finding.actual === null || measure === undefined) return finding.title;
  const { measures } = finding.evidence;
  const windowS = own(measures, 'window_s');
  const within = windowS === undefined ? '' : ` in ${formatDuration(windowS * 1_000)}`;
  const unlikely =
    finding.probability === null ? '' : ` (${formatProbability(finding.probability)})`;
  const counted = measureInWords(measure, finding.actual);
  return `${counted}${within}${versus(finding, measure)}${unlikely}`;
}

/**
 * What the value is held against: a set limit, the usual edge of its window, or what is typical.
 */
function versus({ evidence, typical }: FindingBody, measure: string): string {
  const { measures } = evidence;
  const cap = own(measures, 'cap');
  if (cap !== undefined) return `, over the limit of ${formatMeasure(measure, cap)}`;
  // A lasting rise is summed over its whole run; the usual edge it carries is of one minute.
  const isRun = own(measures, 'evidence') !== undefined;
  const usualUpTo = isRun ? undefined : own(measures, 'usual_up_to');
  if (usualUpTo !== undefined) return `, usually up to ${formatMeasure(measure, usualUpTo)}`;
  return typical === null ? '' : `, typically ${formatMeasure(measure, typical)}`;
}

function measureOf(finding: FindingBody): string | undefined {
  return own(finding.evidence.facts, 'measure');
}

function own<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** What became of a finding. `would` is what enforcement would have done. */
export type Outcome =
  | { readonly kind: 'tripped'; readonly level: number }
  | { readonly kind: 'would'; readonly level: number }
  | { readonly kind: 'held'; readonly why: string };

export function outcomeOf(finding: FindingBody): Outcome {
  const { decision } = finding;
  if (decision.tripped) return { kind: 'tripped', level: decision.level };
  if (decision.would !== undefined) return { kind: 'would', level: decision.would.level };
  return { kind: 'held', why: decision.why };
}

const HELD_WORDS: Readonly<Record<string, string>> = {
  already_open: 'breaker already open',
  below_threshold: 'below threshold',
  cold_start: 'still learning',
  suppressed: 'suppressed by an exception',
  shadow: 'in shadow',
  alert_only: 'alert only',
  over_budget: 'over the blast-radius budget',
  history: 'history import',
};

/** Why a finding did not move a breaker, in words. */
export function heldInWords(why: string): string {
  return own(HELD_WORDS, why) ?? spaced(why);
}

/** `out_of_scope_access` → `out of scope access`. */
export function spaced(identifier: string): string {
  return identifier.replaceAll('_', ' ');
}

const LEVEL_WORDS = [
  'observe',
  'throttle',
  'step up',
  'narrow scopes',
  'suspend',
  'revoke agent',
  'quarantine tenant',
  'global stop',
];

/** `suspend` for 4; the number itself stands beside it. */
export function levelInWords(level: number): string {
  return LEVEL_WORDS[level] ?? `level ${level}`;
}

/** What a breaker guards, as a person would say it. */
export function keyInWords(key: KeyBody): { readonly subject: string; readonly kind: string } {
  if (key.kind === 'agent') return { subject: key.id, kind: 'agent' };
  if (key.kind === 'global') return { subject: 'everything', kind: 'global' };
  return { subject: key.agent ?? key.id, kind: `${key.kind} ${key.agent ? key.id : ''}`.trim() };
}

/** The agent a breaker concerns, where there is one. */
export function agentOfKey(key: KeyBody): string | undefined {
  return key.kind === 'agent' ? key.id : key.agent;
}

/** Stable text of a key, for lists. */
export function keyText(key: KeyBody): string {
  return `${key.tenant}/${key.kind}/${key.id}`;
}

/** Acknowledged and owed enforcement points as `2/3`. */
export function acknowledgedRatio(
  breaker: Pick<BreakerBody, 'acknowledged_by' | 'awaiting'>,
): string {
  const done = breaker.acknowledged_by.length;
  return `${done}/${done + breaker.awaiting.length}`;
}
