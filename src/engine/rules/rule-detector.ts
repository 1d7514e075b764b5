import * as z from 'zod';
import type { AccessEvent } from '../../core/access-event.ts';
import { hashOf } from '../../core/hash.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Redacted } from '../../core/redacted.ts';
import type { Rule, RuleCorrelation } from '../../core/rule.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { type AnyDetector, type DetectorVerdict, defineDetector } from '../detect/detector.ts';
import { amount } from '../detect/figures.ts';
import { type Condition, compileCondition } from './condition.ts';
import { correlate, type RuleState } from './correlation.ts';
import { valuesOf } from './event-shape.ts';

/** What is wrong with a rule: the member, and the place within its text, from 0. */
export interface RuleFault {
  readonly selection: string;
  readonly message: string;
  readonly offset: number;
}

/** Every fault of the conditions of a rule. */
export function ruleFaults(rule: Pick<Rule, 'selections'>): readonly RuleFault[] {
  return Object.entries(rule.selections).flatMap(([selection, text]) => {
    const compiled = compileCondition(text);
    return 'fault' in compiled ? [{ selection, ...compiled.fault }] : [];
  });
}

/** What one event is to a rule. */
type Reading =
  | { readonly kind: 'other' }
  | { readonly kind: 'blind'; readonly field: string }
  | { readonly kind: 'matched'; readonly matched: readonly number[]; readonly group: string };

const OTHER: Reading = { kind: 'other' };
const CONFIG = z.strictObject({});

/** A rule as a detector like any other: pure, bounded, its state plain JSON. */
export function ruleDetector(rule: Rule): AnyDetector {
  const fingerprint = fingerprintOf(rule);
  const conditions = (rule.correlation?.selections ?? Object.keys(rule.selections)).map((name) =>
    conditionOf(rule.selections[name] ?? ''),
  );
  let latest: { readonly event: AccessEvent; readonly reading: Reading } | null = null;
  // `judges` and `observe` ask about the same event one after the other.
  const readingOf = (event: AccessEvent): Reading => {
    if (latest?.event !== event) latest = { event, reading: read(rule, conditions, event) };
    return latest.reading;
  };
  return defineDetector<z.output<typeof CONFIG>, RuleState>({
    id: rule.id,
    version: hashOf(fingerprint).high >>> 0,
    status: 'experimental',
    title: rule.title,
    family: 'deterministic',
    scope: rule.correlation?.groupBy.includes('agent.id') === false ? 'tenant' : 'agent',
    defaultMode: rule.mode,
    tags: ['rule'],
    config: CONFIG,
    init: () => ({ of: fingerprint, figures: 0, groups: {} }),
    ...(rule.match === null ? {} : { kinds: rule.match }),
    judges(event) {
      const reading = readingOf(event);
      if (reading.kind !== 'blind') return null;
      const { field } = reading;
      if (field !== 'condition') {
        return { field, cure: `Send \`${field}\`, or ask for it with has() in the rule.` };
      }
      return { field, cure: 'Mend the condition of the rule: it fails on this event.' };
    },
    observe(event, state, context) {
      const reading = readingOf(event);
      if (reading.kind !== 'matched') return [];
      const { correlation } = rule;
      if (correlation === null) return [verdictOn(rule, event, reading.group, null)];
      if (!context.counted || context.added.calls === 0) return [];
      return correlated(rule, correlation, event, reading, renewed(state, fingerprint));
    },
  });
}

/** The figures of an earlier version of the rule mean nothing to this one. */
function renewed(state: RuleState, fingerprint: string): RuleState {
  if (state.of === fingerprint) return state;
  for (const group of Object.keys(state.groups)) delete state.groups[group];
  state.of = fingerprint;
  state.figures = 0;
  return state;
}

function correlated(
  rule: Rule,
  correlation: RuleCorrelation,
  event: Redacted<AccessEvent>,
  { matched, group }: Extract<Reading, { kind: 'matched' }>,
  state: RuleState,
): readonly DetectorVerdict[] {
  const isOfAgent = correlation.groupBy.includes('agent.id');
  const figuresMax = isOfAgent ? LIMITS.ruleMarksPerAgent : LIMITS.ruleMarksPerTenant;
  const values = correlation.field === null ? [null] : valuesOf(event, correlation.field);
  let reached: number | null = null;
  for (const value of values.slice(0, LIMITS.listItems)) {
    const sighting = {
      time: event.time,
      matched,
      value: value === null ? null : numberOf(value),
    };
    reached = correlate(correlation, state, `g${group}`, sighting, figuresMax) ?? reached;
  }
  return reached === null ? [] : [verdictOn(rule, event, group, reached)];
}

function read(rule: Rule, conditions: readonly (Condition | null)[], event: AccessEvent): Reading {
  const matched: number[] = [];
  let missing: string | null = null;
  for (const [index, condition] of conditions.entries()) {
    const outcome = condition?.judge(event) ?? { missing: 'condition' };
    if (outcome === true) matched.push(index);
    else if (outcome !== false) missing ??= outcome.missing;
  }
  if (matched.length === 0) return missing === null ? OTHER : { kind: 'blind', field: missing };
  const { correlation } = rule;
  const grouped = correlation === null ? [] : correlation.groupBy;
  const needed = [...grouped, ...(correlation?.field ? [correlation.field] : [])];
  const absent = needed.find((field) => valuesOf(event, field).length === 0);
  if (absent !== undefined) return { kind: 'blind', field: absent };
  const group = grouped.map((field) => valuesOf(event, field).join('\u0000')).join('\n');
  return { kind: 'matched', matched, group: numberOf(group).toString(36) };
}

/** 53 bits of a text: two of a group's few values are told apart all but certainly. */
function numberOf(text: string): number {
  const { high, low } = hashOf(text);
  return (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0);
}

function verdictOn(
  rule: Rule,
  event: Redacted<AccessEvent>,
  group: string,
  reached: number | null,
): DetectorVerdict {
  const { correlation, breakerLevel, key } = rule;
  const facts: Record<string, string> = {};
  for (const field of rule.evidence) {
    const values = valuesOf(event, field);
    if (values.length > 0) facts[field] = values.slice(0, LIMITS.ruleFields).join(', ');
  }
  if (rule.runbook !== null) facts['runbook'] = rule.runbook;
  return {
    level: rule.level,
    score: rule.score,
    actual: reached,
    typical: null,
    probability: null,
    title: rule.title,
    explanation: `${sentence(rule.description)}${countText(correlation, reached)}`,
    measures:
      correlation === null || reached === null
        ? {}
        : { matched: reached, from: correlation.gte, window_ms: correlation.timespanMs },
    facts,
    trip: breakerLevel === null ? null : { key, level: breakerLevel },
    dedupKey: correlation === null ? keyOf(event, key) : group,
    dedupMs: rule.dedupMs,
    ...(breakerLevel === null ? { held: 'below_threshold' as const } : {}),
  };
}

function keyOf(event: AccessEvent, key: Rule['key']): string {
  switch (key) {
    case 'session':
      return event.session?.id ?? '';
    case 'chain':
      return event.token?.txn ?? event.trace?.traceId ?? '';
    case 'token':
      return event.token?.jti ?? '';
    default:
      return '';
  }
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1).replace(/[.!?]?$/, '.');
}

function countText(correlation: RuleCorrelation | null, reached: number | null): string {
  if (correlation === null || reached === null) return '';
  const span = spanInWords(correlation.timespanMs);
  const gte = amount(correlation.gte);
  switch (correlation.type) {
    case 'event_count':
      return ` It saw ${amount(reached)} such events within ${span}; it fires from ${gte}.`;
    case 'value_count':
      return (
        ` It saw ${amount(reached)} different values of ${correlation.field} within ${span}; ` +
        `it fires from ${gte}.`
      );
    case 'temporal':
      return ` All of ${correlation.selections.join(', ')} were seen within ${span}.`;
    default:
      return ` ${correlation.selections.join(', then ')} were seen within ${span}.`;
  }
}

const UNITS = [
  ['day', DAY_MS],
  ['hour', HOUR_MS],
  ['minute', MINUTE_MS],
  ['second', SECOND_MS],
] as const;

function spanInWords(spanMs: number): string {
  const unit = UNITS.find(([, ms]) => spanMs % ms === 0);
  if (unit === undefined) return `${amount(spanMs)} milliseconds`;
  const [name, ms] = unit;
  const count = spanMs / ms;
  return `${amount(count)} ${name}${count === 1 ? '' : 's'}`;
}

/** Null where this build no longer takes the condition: the rule is blind then, not gone. */
function conditionOf(text: string): Condition | null {
  const compiled = compileCondition(text);
  return 'condition' in compiled ? compiled.condition : null;
}

function fingerprintOf({ selections, correlation }: Rule): string {
  const { high, low } = hashOf(JSON.stringify([selections, correlation]));
  return `${(high >>> 0).toString(36)}-${(low >>> 0).toString(36)}`;
}
