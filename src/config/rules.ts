import * as z from 'zod';
import { EVENT_KINDS } from '../core/access-event.ts';
import type { BreakerLevel } from '../core/breaker.ts';
import { DETECTOR_MODES, FINDING_LEVELS, type FindingLevel } from '../core/finding.ts';
import { LIMITS } from '../core/limits.ts';
import {
  CORRELATION_TYPES,
  type DetectionException,
  type Rule,
  type RuleCorrelation,
  TRIP_KEYS,
  type TripKey,
} from '../core/rule.ts';
import { HOUR_MS } from '../core/time.ts';
import { type ParsedDocument, parseDocument } from './document.ts';
import { DURATION, durationMs } from './duration.ts';
import { exceptionOf, RULE_EXCEPTION_SCHEMA } from './exceptions.ts';
import { type Problem, pathText, problemsOfIssues, sortProblems } from './problems.ts';
import type { JsonSchema, Path } from './schema-path.ts';
import { offsetWithin } from './text-offset.ts';

/** One event of a rule's test: a native event, with what the test may leave out. */
export type TestEvent = Readonly<Record<string, unknown>>;

/** One of a rule's own tests. */
export interface RuleTest {
  readonly name: string;
  readonly events: readonly TestEvent[];
  readonly fires: boolean;
}

/** A rule as read from its file: what the log carries, and what stays behind. */
export interface ReadRule {
  readonly rule: Rule;
  readonly exceptions: readonly DetectionException[];
  readonly tests: readonly RuleTest[];
  readonly file: string;
}

/** What the rule language says about a rule; the engine's own checks are handed in. */
export interface RuleLanguage {
  /** Fields that may be grouped by, counted and shown. */
  readonly fields: readonly string[];
  /** Faults of conditions, each at an offset of its text. */
  readonly faults: (
    rule: Pick<Rule, 'selections'>,
  ) => readonly { readonly selection: string; readonly message: string; readonly offset: number }[];
}

const name = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/);
const field = z.string().min(1).max(LIMITS.identifierChars);
const condition = z.string().min(1).max(LIMITS.ruleChars);
const words = z.string().min(1).max(LIMITS.ruleChars);

const correlation = z.strictObject({
  type: z.enum(CORRELATION_TYPES).describe("Sigma's correlation types."),
  rules: z
    .array(name)
    .min(1)
    .max(LIMITS.ruleSelections)
    .optional()
    .describe('Names of the selections that take part, in order; default all, as written.'),
  'group-by': z
    .array(field)
    .max(LIMITS.ruleFields)
    .default(['agent.id'])
    .describe('Fields that keep groups apart. Without `agent.id`, agents are counted together.'),
  timespan: DURATION.describe('Within which time: `30s`, `5m`, `1h`, `7d`; at most 30 days.'),
  condition: z
    .strictObject({
      gte: z.int().min(1).max(1_000_000).describe('Fires from this count on.'),
      field: field.optional().describe('Of `value_count`: the field whose values are counted.'),
    })
    .optional()
    .describe('Of `event_count` and `value_count`.'),
});

const test = z.strictObject({
  name: words,
  events: z
    .array(z.record(z.string(), z.unknown()))
    .min(1)
    .describe(
      'Native events; `id`, `time`, `tenant` and `agent.id` may be left out. `at` is the time ' +
        'since the start of the test, `repeat` how often the event comes, `every` how far apart.',
    ),
  expect: z.enum(['fires', 'quiet']),
});

const rule = z.strictObject({
  id: name.describe('Names the rule wherever detectors are named.'),
  title: words.describe('What a finding is headed by.'),
  description: words.describe('One or two sentences for whoever reads the finding.'),
  level: z.enum(FINDING_LEVELS).default('medium').describe('Severity of its findings.'),
  score: z.int().min(0).max(100).optional().describe('0 to 100; default by level.'),
  breaker_level: z
    .int()
    .min(1)
    .max(6)
    .optional()
    .describe('How far it trips; without it the rule adds score only.'),
  mode: z.enum(DETECTOR_MODES).default('shadow').describe('What it may do.'),
  key: z.enum(TRIP_KEYS).default('agent').describe('What it trips.'),
  match: z.array(z.enum(EVENT_KINDS)).min(1).optional().describe('Kinds of event; default all.'),
  condition: condition.optional().describe('CEL over `event`.'),
  selections: z
    .record(name, condition)
    .optional()
    .describe('In place of `condition`: several CEL conditions by name, for a correlation.'),
  correlation: correlation.optional().describe('Several events that mean something together.'),
  evidence: z.array(field).max(LIMITS.ruleFields).default([]).describe('Fields shown.'),
  dedup: DURATION.optional().describe('The same within this time is one finding; default 1h.'),
  exceptions: z.array(RULE_EXCEPTION_SCHEMA).default([]).describe('What is known and agreed to.'),
  runbook: z.url().optional().describe('Where it says what to do.'),
  tests: z.array(test).default([]).describe('What makes it fire, and what does not.'),
});

/** A rule file as written. */
export const RULES_SCHEMA = z.strictObject({
  rules: z.array(rule).min(1).max(LIMITS.rulesPerTenant).describe('The rules, in order.'),
});
export const RULES_JSON_SCHEMA = z.toJSONSchema(RULES_SCHEMA, { io: 'input' }) as JsonSchema;

type GivenRule = z.output<typeof rule>;

/** Reads a rule file (YAML or JSON), or lists everything that is wrong with it, by line. */
export function parseRules(
  text: string,
  file: string,
  language: RuleLanguage,
): { readonly rules: readonly ReadRule[] } | { readonly problems: readonly Problem[] } {
  const document = parseDocument(text, RULES_JSON_SCHEMA, null);
  const checked = RULES_SCHEMA.safeParse(document.value);
  const { value, locate } = document;
  const given = checked.data?.rules ?? [];
  const problems = [
    ...document.problems,
    ...problemsOfIssues(checked.error?.issues ?? [], value, RULES_JSON_SCHEMA, locate),
    ...given.flatMap((each, index) => {
      const repeated = given.findIndex(({ id }) => id === each.id) < index;
      const path = ['rules', index];
      return [
        ...(repeated ? [problem(document, [...path, 'id'], 'is the id of an earlier rule')] : []),
        ...ruleProblems(each, path, document, text, language),
      ];
    }),
  ];
  if (problems.length > 0) return { problems: sortProblems(problems).map((p) => ({ ...p, file })) };
  return { rules: given.map((each) => readRule(each, file)) };
}

function ruleProblems(
  given: GivenRule,
  path: Path,
  document: ParsedDocument,
  text: string,
  language: RuleLanguage,
): readonly Problem[] {
  const at = (inner: Path, message: string) => problem(document, [...path, ...inner], message);
  const selections = selectionsOf(given);
  if ((given.condition === undefined) === (given.selections === undefined)) {
    return [at([], 'needs exactly one of condition, selections')];
  }
  const conditions = language.faults({ selections }).map(({ selection, message, offset }) => {
    const inner = given.condition === undefined ? ['selections', selection] : ['condition'];
    const start = document.locate([...path, ...inner], 'value');
    const position = offsetWithin(text, start, selections[selection] ?? '', offset);
    const at = `at character ${offset + 1} of the condition`;
    return { path: pathText([...path, ...inner]), ...position, message: `${message} (${at})` };
  });
  const unknown = (names: readonly string[], inner: Path) =>
    names.flatMap((each, index) =>
      language.fields.includes(each) ? [] : [at([...inner, index], 'is no field of an event')],
    );
  return [
    ...conditions,
    ...unknown(given.evidence, ['evidence']),
    ...tripProblems(given, at),
    ...(given.correlation === undefined
      ? given.selections === undefined
        ? []
        : [at(['selections'], 'mean something only with a correlation; else use condition')]
      : [
          ...unknown(given.correlation['group-by'], ['correlation', 'group-by']),
          ...correlationProblems(given.correlation, Object.keys(selections), language, at),
        ]),
  ];
}

type At = (inner: Path, message: string) => Problem;

function tripProblems({ breaker_level: level, key }: GivenRule, at: At): readonly Problem[] {
  const most = MOST[key];
  if (level === undefined || level <= most) return [];
  return [at(['breaker_level'], `is at most ${most} with the key ${key}`)];
}

/** What a rule may do to each key: level 5 is of agents, 6 of tenants (design section 2). */
const MOST: Readonly<Record<TripKey, number>> = {
  token: 4,
  session: 4,
  chain: 4,
  agent: 5,
  tenant: 6,
};

function correlationProblems(
  { type, rules, timespan, condition: counted }: NonNullable<GivenRule['correlation']>,
  selections: readonly string[],
  { fields }: RuleLanguage,
  at: At,
): readonly Problem[] {
  const problems: Problem[] = [];
  const say = (inner: Path, message: string) => {
    problems.push(at(['correlation', ...inner], message));
  };
  for (const [index, each] of (rules ?? []).entries()) {
    if (!selections.includes(each)) say(['rules', index], 'is no selection of this rule');
  }
  if (durationMs(timespan) > LIMITS.ruleTimespanMs) say(['timespan'], 'is longer than 30 days');
  if (type === 'temporal' || type === 'temporal_ordered') {
    if (counted !== undefined) say(['condition'], `is not for ${type}`);
    if ((rules ?? selections).length < 2) say([], `${type} needs two selections or more`);
    return problems;
  }
  if ((rules ?? selections).length !== 1) say([], `${type} takes one selection`);
  if (counted === undefined) {
    say([], `${type} needs condition.gte`);
    return problems;
  }
  const { gte, field: countedField } = counted;
  if (type === 'event_count' && countedField !== undefined) {
    say(['condition', 'field'], 'is for value_count');
  }
  if (type === 'event_count') return problems;
  if (countedField === undefined) say(['condition'], 'value_count needs a field');
  else if (!fields.includes(countedField)) say(['condition', 'field'], 'is no field of an event');
  if (gte > LIMITS.ruleValues) say(['condition', 'gte'], `is at most ${LIMITS.ruleValues} here`);
  return problems;
}

function problem({ locate }: ParsedDocument, path: Path, message: string): Problem {
  return { path: pathText(path), ...locate(path, 'value'), message };
}

function selectionsOf(given: GivenRule): Readonly<Record<string, string>> {
  return given.selections ?? { match: given.condition ?? '' };
}

const SCORES: Readonly<Record<FindingLevel, number>> = {
  informational: 10,
  low: 25,
  medium: 45,
  high: 70,
  critical: 90,
};

function readRule(given: GivenRule, file: string): ReadRule {
  const selections = selectionsOf(given);
  const timespanMs = durationMs(given.correlation?.timespan ?? '0s');
  const dedupMs =
    given.dedup === undefined ? Math.max(HOUR_MS, timespanMs) : durationMs(given.dedup);
  return {
    rule: {
      id: given.id,
      title: given.title,
      description: given.description,
      level: given.level,
      score: given.score ?? SCORES[given.level],
      breakerLevel: (given.breaker_level ?? null) as BreakerLevel | null,
      mode: given.mode,
      key: given.key,
      match: given.match ?? null,
      selections,
      correlation:
        given.correlation === undefined
          ? null
          : correlationOf(given.correlation, Object.keys(selections)),
      evidence: given.evidence,
      runbook: given.runbook ?? null,
      dedupMs: Math.min(dedupMs, LIMITS.ruleTimespanMs),
    },
    exceptions: given.exceptions.map((each) => exceptionOf(each, given.id)),
    tests: given.tests.map(({ expect, ...rest }) => ({ ...rest, fires: expect === 'fires' })),
    file,
  };
}

function correlationOf(
  { type, rules, timespan, condition: counted, ...rest }: NonNullable<GivenRule['correlation']>,
  selections: readonly string[],
): RuleCorrelation {
  return {
    type,
    selections: rules ?? selections,
    groupBy: rest['group-by'],
    timespanMs: durationMs(timespan),
    gte: counted?.gte ?? selections.length,
    field: counted?.field ?? null,
  };
}
