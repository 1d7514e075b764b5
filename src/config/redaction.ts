import * as z from 'zod';
import { LIMITS } from '../core/limits.ts';
import {
  CONTENT_KINDS,
  CONTENT_POLICIES,
  DEFAULT_REDACTION,
  REDACTION_MODES,
  type RecogniserRule,
  type RedactionPolicy,
} from '../core/redaction-policy.ts';

const policy = z.enum(CONTENT_POLICIES).optional();

const recogniser = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z_]{1,31}$/)
    .describe('What `tripcoil redact test` calls it; for a secret also what its mask says.'),
  entity: z
    .string()
    .regex(/^[a-z][a-z_]{1,31}$/)
    .describe(
      'What its pseudonyms, findings and mode are called: a type of docs/entities.md, `secret`, ' +
        'or a type of your own that begins with `x_`.',
    ),
  pattern: z
    .string()
    .min(1)
    .max(LIMITS.recogniserPatternChars)
    .describe('In the syntax of RE2: no look-around, no back-references.'),
  keywords: z
    .array(z.string().min(2).max(64))
    .max(LIMITS.recogniserKeywords)
    .default([])
    .describe(
      'Words of which one must stand before a match, or in the key that holds the text. Without ' +
        'them the pattern is tried on every text, which costs time.',
    ),
  keyword_distance: z
    .int()
    .min(1)
    .max(LIMITS.recogniserDistance)
    .default(48)
    .describe('Characters from the end of a keyword to the beginning of a match, at most.'),
  validator: z
    .string()
    .max(64)
    .optional()
    .describe('A check that a match must pass, by name; see docs/redaction.md.'),
  max_length: z
    .int()
    .min(1)
    .max(LIMITS.recogniserMatchChars)
    .default(64)
    .describe('Characters of the longest match; the rest of a longer one is looked at anew.'),
  mode: z
    .enum(REDACTION_MODES)
    .optional()
    .describe('Mode of an entity of your own, as `modes` says it for the others.'),
});

/** `redaction` in the configuration file, for every tenant or for one. */
export const REDACTION_SCHEMA = z.strictObject({
  content: z
    .strictObject({
      messages: policy.describe('Prompts, instructions, messages and completions.'),
      tool_arguments: policy.describe('Arguments of tool calls.'),
      tool_results: policy.describe('Results of tool calls.'),
      memory: policy.describe("What is written to or read from an agent's memory."),
      reasoning: policy.describe("A model's reasoning."),
    })
    .optional()
    .describe(
      'What becomes of content: `scan` keeps what is not personal, `shape` keeps keys, types and ' +
        'sizes, `drop` keeps nothing. Default: scan.',
    ),
  unknown_keys: policy.describe(
    'The same for attributes that are neither structural telemetry nor content. Default: scan.',
  ),
  allowed_keys: z
    .array(z.string().min(1).max(LIMITS.identifierChars))
    .max(LIMITS.aliasesPerField * 32)
    .optional()
    .describe('Attributes that `unknown_keys` does not apply to; they are scanned all the same.'),
  modes: z
    .record(z.string().regex(/^(?:\*|[a-z][a-z_]{1,31})$/), z.enum(REDACTION_MODES))
    .optional()
    .describe(
      'What stands in place of an entity, by its name; `*` for all without their own. Default: ' +
        '`token`. See docs/redaction.md.',
    ),
  names: z
    .strictObject({
      propagate: z
        .boolean()
        .optional()
        .describe(
          'Looks for names of typed keys in the rest of the record and chain. Default: yes.',
        ),
      gazetteer_file: z
        .string()
        .min(1)
        .optional()
        .describe('A file with one name a line, looked for in all content.'),
    })
    .optional()
    .describe('How names are found beside typed keys.'),
  regions: z
    .array(z.string().regex(/^[A-Z]{2}$/))
    .max(LIMITS.aliasesPerField * 4)
    .optional()
    .describe(
      'Countries whose numbers are looked for, such as `[DE, US]`; see docs/entities.md. What ' +
        'the world has alike is always looked for. Default: all.',
    ),
  recognisers: z
    .array(recogniser)
    .max(LIMITS.recognisers)
    .optional()
    .describe('Values of your own that are looked for beside the others. Default: none.'),
});

/** The same at the top, where the recogniser of the process is named, too. */
export const GENERAL_REDACTION_SCHEMA = REDACTION_SCHEMA.extend({
  external: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .describe(
          'Where texts are posted: the `/analyze` of a Presidio analyzer; https, or http on this ' +
            'machine.',
        ),
      timeout_ms: z
        .int()
        .min(10)
        .max(60_000)
        .default(2_000)
        .describe('How long a text may wait and be judged before it becomes `[REDACTION_FAILED]`.'),
      language: z.string().min(2).max(16).default('en').describe('Language of the texts.'),
      entities: z
        .array(z.string().regex(/^[A-Z][A-Z0-9_]{1,63}$/))
        .min(1)
        .max(LIMITS.aliasesPerField * 4)
        .default(['PERSON', 'LOCATION'])
        .describe('Entities to ask for, by the names that the recogniser gives them.'),
      min_score: z.number().min(0).max(1).default(0.5).describe('Finds below it are left.'),
      max_concurrent: z.int().min(1).max(64).default(4).describe('Requests at a time.'),
    })
    .optional()
    .describe('A recogniser over HTTP for free text in content; see docs/redaction.md.'),
});

/** An external recogniser as configured. */
export interface ExternalRecogniserConfig {
  readonly url: string;
  readonly timeoutMs: number;
  readonly language: string;
  readonly entities: readonly string[];
  readonly minScore: number;
  readonly maxConcurrent: number;
}

/** The recogniser of the process, or null. */
export function externalRecogniserOf(
  given: z.output<typeof GENERAL_REDACTION_SCHEMA> | undefined,
): ExternalRecogniserConfig | null {
  if (given?.external === undefined) return null;
  const { timeout_ms, min_score, max_concurrent, ...rest } = given.external;
  return { ...rest, timeoutMs: timeout_ms, minScore: min_score, maxConcurrent: max_concurrent };
}

type RedactionDocument = z.output<typeof REDACTION_SCHEMA>;

/** A policy with the members given in the place of those of `base`. */
export function redactionPolicyOf(
  base: RedactionPolicy,
  given: RedactionDocument | undefined,
  readText: (path: string) => string | null,
): RedactionPolicy {
  if (given === undefined) return base;
  const { content = {}, names } = given;
  const file = names?.gazetteer_file;
  return {
    content: contentOf(base.content, content),
    unknownKeys: given.unknown_keys ?? base.unknownKeys,
    allowedKeys: given.allowed_keys ?? base.allowedKeys,
    modes: { ...base.modes, ...given.modes, ...modesOf(given.recognisers ?? []) },
    names: {
      propagate: names?.propagate ?? base.names.propagate,
      gazetteer: file === undefined ? base.names.gazetteer : namesOf(readText(file) ?? ''),
    },
    regions: given.regions ?? base.regions,
    recognisers: given.recognisers?.map(ruleOf) ?? base.recognisers,
  };
}

type RecogniserDocument = z.output<typeof recogniser>;

function ruleOf(given: RecogniserDocument): RecogniserRule {
  const { name, entity, pattern, keywords, keyword_distance, validator, max_length } = given;
  return {
    ...{ name, entity, pattern, keywords: keywords.map((word) => word.toLowerCase()) },
    ...{ keywordDistance: keyword_distance, validator: validator ?? null, maxLength: max_length },
  };
}

function modesOf(recognisers: readonly RecogniserDocument[]): RedactionPolicy['modes'] {
  return Object.fromEntries(
    recognisers.flatMap(({ entity, mode }) => (mode === undefined ? [] : [[entity, mode]])),
  );
}

/** The policy that holds for every tenant without its own. */
export function generalPolicy(
  given: RedactionDocument | undefined,
  readText: (path: string) => string | null,
): RedactionPolicy {
  return redactionPolicyOf(DEFAULT_REDACTION, given, readText);
}

function namesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .slice(0, LIMITS.gazetteerNames);
}

function contentOf(
  base: RedactionPolicy['content'],
  given: NonNullable<RedactionDocument['content']>,
): RedactionPolicy['content'] {
  const policies = CONTENT_KINDS.map((kind) => [kind, given[kind] ?? base[kind]] as const);
  return Object.fromEntries(policies) as RedactionPolicy['content'];
}
