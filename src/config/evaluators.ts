import * as z from 'zod';
import { OPERATIONS } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { CRITERIA, type Criterion, DEFAULT_RUBRIC, type Rubric } from '../core/rubric.ts';
import { SECOND_MS } from '../core/time.ts';

const criterion = z.strictObject({
  id: z.enum(CRITERIA).describe('Which criterion; docs/evaluators.md tells what each asks.'),
  question: z.string().min(1).max(200).optional().describe('In your own words.'),
  weight: z.number().min(0).max(100).optional().describe('Beside the others; 0 leaves it out.'),
  required: z.boolean().optional().describe('Failing it asks for a review, whatever the score.'),
  applies_when: z
    .strictObject({
      operations: z.array(z.enum(OPERATIONS)).min(1).optional().describe('Of some action.'),
      sensitivity: z
        .array(z.string().min(1))
        .min(1)
        .max(LIMITS.aliasesPerField)
        .optional()
        .describe('Of the resource of that action, in lower case.'),
    })
    .optional()
    .describe('To which chains it applies.'),
});

const judge = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe(
      'Base URL of an OpenAI-compatible endpoint, as `https://host/v1`; https, or http on this ' +
        'machine. It is sent redacted records.',
    ),
  model: z.string().min(1).max(LIMITS.identifierChars).describe('Model to ask.'),
  api_key: z
    .string()
    .min(1)
    .optional()
    .describe(`Sent as a bearer token; better \${env:NAME} than in plain.`),
  scope: z
    .enum(['low', 'all'])
    .default('low')
    .describe('Whether it is asked of chains that score low, or of all.'),
  timeout_ms: z.int().min(100).max(120_000).default(20_000).describe('Of one attempt.'),
  per_minute: z.int().min(1).max(1_000).default(10).describe('Requests of one minute.'),
  retries: z.int().min(0).max(5).default(1).describe('Further attempts with 429 and 5xx.'),
});

/** How recorded decisions are scored and routed to people. */
export const EVALUATORS_SCHEMA = z.strictObject({
  enabled: z.boolean().default(false).describe('Whether chains are evaluated as they settle.'),
  settle_seconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(300)
    .describe('How long nothing may come of a chain before it is evaluated.'),
  review_below: z
    .number()
    .min(0)
    .max(100)
    .default(DEFAULT_RUBRIC.reviewBelow)
    .describe('Scores below it ask a person to review the chain.'),
  rubric_version: z
    .string()
    .min(1)
    .max(64)
    .default(DEFAULT_RUBRIC.version)
    .describe('Names the rubric in the record; change it with the criteria.'),
  criteria: z
    .array(criterion)
    .max(CRITERIA.length)
    .default([])
    .describe('Criteria of the default rubric to change.'),
  judge: judge.optional().describe('A second opinion by a model. Default: none.'),
});

/** The judge as configured. */
export interface JudgeConfig {
  readonly url: string;
  readonly model: string;
  readonly apiKey: string | null;
  readonly all: boolean;
  readonly timeoutMs: number;
  readonly perMinute: number;
  readonly retries: number;
}

export interface EvaluatorsConfig {
  readonly enabled: boolean;
  readonly settleMs: number;
  readonly rubric: Rubric;
  readonly judge: JudgeConfig | null;
}

/** The default rubric with what the document changes. */
export function evaluatorsOf(document: z.output<typeof EVALUATORS_SCHEMA>): EvaluatorsConfig {
  const { enabled, settle_seconds, review_below, rubric_version, criteria } = document;
  const changes = new Map(criteria.map((change) => [change.id, change]));
  const changed = DEFAULT_RUBRIC.criteria.map((known): Criterion => {
    const { question, weight, required, applies_when } = changes.get(known.id) ?? {};
    const { operations, sensitivity } = applies_when ?? {};
    const appliesWhen =
      applies_when === undefined
        ? known.appliesWhen
        : {
            ...(operations === undefined ? {} : { operations }),
            ...(sensitivity === undefined ? {} : { sensitivity }),
          };
    return {
      id: known.id,
      question: question ?? known.question,
      weight: weight ?? known.weight,
      required: required ?? known.required,
      appliesWhen,
    };
  });
  const rubric = {
    version: rubric_version,
    reviewBelow: review_below,
    criteria: changed.filter(({ weight }) => weight > 0),
  };
  return {
    enabled,
    settleMs: settle_seconds * SECOND_MS,
    rubric,
    judge: judgeOf(document),
  };
}

function judgeOf({ judge: given }: z.output<typeof EVALUATORS_SCHEMA>): JudgeConfig | null {
  if (given === undefined) return null;
  const { url, model, api_key, scope, timeout_ms, per_minute, retries } = given;
  return {
    ...{ url, model, apiKey: api_key ?? null, all: scope === 'all' },
    ...{ timeoutMs: timeout_ms, perMinute: per_minute, retries },
  };
}
