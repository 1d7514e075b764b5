import * as z from 'zod';
import { type BreakerLevel, KEY_KINDS, type KeyKind } from '../core/breaker.ts';
import { LIMITS } from '../core/limits.ts';
import { SECOND_MS } from '../core/time.ts';
import { type Locate, type Problem, pathText } from './problems.ts';
import type { Path } from './schema-path.ts';

const identifier = z.string().min(1).max(LIMITS.identifierChars);

const actuator = z.strictObject({
  name: identifier.describe('Names the actuator in acknowledgements, metrics and logs.'),
  template: z
    .string()
    .min(1)
    .describe('A template of docs/actuators.md by name, or a file of your own, as `./mine.yaml`.'),
  tenants: z.array(identifier).min(1).describe('Tenants it acts for, or `*` for all.'),
  parameters: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      "The template's parameters. Secret ones are references, `env:NAME`, `file:/path` or " +
        '`vault:path#field`, read anew at each use.',
    ),
  keys: z
    .array(z.enum(KEY_KINDS))
    .min(1)
    .optional()
    .describe("Kinds of breakers it follows. Default: the template's."),
  minimum_level: z
    .int()
    .min(1)
    .max(7)
    .optional()
    .describe('From which level on it freezes. Default: 5 for credentials, 4 for sessions.'),
  automatic: z
    .boolean()
    .optional()
    .describe(
      'Whether detectors may make it act, or people alone. Default: only what can be taken back.',
    ),
  target: z
    .string()
    .min(1)
    .optional()
    .describe(
      'What the target calls it: text with `{key_id}`, `{agent}`, `{tenant}`. Default: ' +
        '`{key_id}`, or `targets` alone where those are given.',
    ),
  targets: z
    .record(identifier, z.string().min(1).max(LIMITS.identifierChars))
    .refine((table) => Object.keys(table).length <= LIMITS.actuatorMappings, {
      message: `lists more than ${LIMITS.actuatorMappings}`,
    })
    .default({})
    .describe('What the target calls it, by our id; wins over `target`.'),
  observe_seconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(LIMITS.actuatorObserveMs / SECOND_MS)
    .describe('How often what is frozen is looked at.'),
  escalate_to: identifier
    .optional()
    .describe('Actuator that acts when this one has not by the deadline; it stands by till then.'),
  allow_loopback: z
    .boolean()
    .default(false)
    .describe('Lets it reach this machine over TCP, then also with plain http.'),
  allow_private: z
    .boolean()
    .default(false)
    .describe('Lets it reach into a private network, over https alone where it is http.'),
});

export const ACTUATORS_SCHEMA = z.array(actuator).max(LIMITS.actuators).default([]);

export const EFFECT_SCHEMA = z.strictObject({
  deadline_seconds: z
    .number()
    .min(0.1)
    .max(3_600)
    .default(5)
    .describe('How long enforcement points may take to acknowledge before people are told.'),
  from_level: z
    .int()
    .min(1)
    .max(7)
    .default(4)
    .describe('From which level on that is asked of them.'),
  escalate_to: identifier
    .optional()
    .describe(
      'Actuator that acts when a broker or receiver is late, or an agent is used after its ' +
        'revocation; it stands by till then.',
    ),
});

export const CREDENTIALS_SCHEMA = z.strictObject({
  vault: z
    .strictObject({
      address: z.url({ protocol: /^https?$/ }).describe('Base URL of Vault or OpenBao.'),
      token: z.string().min(1).describe('Reference to its token, as `file:/run/vault/token`.'),
    })
    .optional()
    .describe('Where references that begin with `vault:` are read; a KV engine of version 2.'),
});

export interface ActuatorConfig {
  readonly name: string;
  readonly template: string;
  readonly tenants: readonly string[] | '*';
  readonly parameters: Readonly<Record<string, string>>;
  /** Null where the template decides, as below. */
  readonly keys: readonly KeyKind[] | null;
  readonly minimumLevel: BreakerLevel | null;
  readonly automatic: boolean | null;
  readonly mapping: {
    readonly template: string | null;
    readonly table: Readonly<Record<string, string>>;
  };
  readonly observeEveryMs: number;
  readonly escalateTo: string | null;
  /** Named by another's `escalate_to`. */
  readonly standby: boolean;
  readonly allowLoopback: boolean;
  readonly allowPrivate: boolean;
}

export interface EffectConfig {
  readonly deadlineMs: number;
  readonly fromLevel: number;
  readonly escalateTo: string | null;
}

interface ActuatorsDocument {
  readonly actuators: z.output<typeof ACTUATORS_SCHEMA>;
  readonly effect: z.output<typeof EFFECT_SCHEMA>;
}

/** Where templates of the user's own stand, resolved against the file of the configuration. */
export function actuatorsOf(
  { actuators, effect }: ActuatorsDocument,
  inBase: (path: string) => string,
): readonly ActuatorConfig[] {
  const called = new Set([effect.escalate_to, ...actuators.map(({ escalate_to }) => escalate_to)]);
  return actuators.map((each) => ({
    name: each.name,
    template: /[/.]/.test(each.template) ? inBase(each.template) : each.template,
    tenants: each.tenants.includes('*') ? '*' : each.tenants,
    parameters: each.parameters,
    keys: each.keys ?? null,
    minimumLevel: (each.minimum_level ?? null) as BreakerLevel | null,
    automatic: each.automatic ?? null,
    mapping: {
      template: each.target ?? (Object.keys(each.targets).length > 0 ? null : '{key_id}'),
      table: each.targets,
    },
    observeEveryMs: each.observe_seconds * SECOND_MS,
    escalateTo: each.escalate_to ?? null,
    standby: called.has(each.name),
    allowLoopback: each.allow_loopback,
    allowPrivate: each.allow_private,
  }));
}

export function effectOf(effect: z.output<typeof EFFECT_SCHEMA>): EffectConfig {
  return {
    deadlineMs: effect.deadline_seconds * SECOND_MS,
    fromLevel: effect.from_level,
    escalateTo: effect.escalate_to ?? null,
  };
}

/** What is wrong with one actuator, member by member; injected, since templates are elsewhere. */
export type ActuatorCheck = (actuator: {
  readonly template: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly target?: string;
}) => readonly { readonly member: string; readonly message: string }[];

/** Roles whose holders read the feed, and acknowledge. */
const FEED_READERS: ReadonlySet<unknown> = new Set(['broker', 'operator']);

/** Names that are taken twice or lead nowhere, and what the templates would refuse. */
export function actuatorProblems(
  document: unknown,
  check: ActuatorCheck | null,
  inBase: (path: string) => string,
  locate: Locate,
): readonly Problem[] {
  const revocation = recordOf(recordOf(document)['revocation']);
  const at = (path: Path, message: string): Problem => ({
    path: pathText(path),
    ...locate(path, 'value'),
    message,
  });
  const actuators = listOf(revocation['actuators']);
  const receivers = listOf(revocation['receivers']);
  const names = actuators.map(({ name }) => name);
  const taken = [...receivers.map(({ name }) => name), ...names];
  const problems: Problem[] = [];
  // Acknowledgements are counted by name: one that reads the feed must not stand for another.
  const brokers = listOf(recordOf(document)['tokens'])
    .filter(({ roles }) => Array.isArray(roles) && roles.some((role) => FEED_READERS.has(role)))
    .map(({ name }) => name);
  for (const kind of ['receivers', 'actuators']) {
    listOf(revocation[kind]).forEach(({ name }, index) => {
      if (!brokers.includes(name)) return;
      const path: Path = ['revocation', kind, index, 'name'];
      problems.push(at(path, 'is the name of a token that may acknowledge too'));
    });
  }
  const leads = (to: unknown, path: Path, own?: unknown): void => {
    if (to === undefined || (names.includes(to) && to !== own)) return;
    problems.push(at(path, 'must name another of revocation.actuators'));
  };
  actuators.forEach((each, index) => {
    const path: Path = ['revocation', 'actuators', index];
    const first = taken.indexOf(each['name']);
    if (first !== receivers.length + index) {
      problems.push(at([...path, 'name'], 'is taken by another receiver or actuator'));
    }
    leads(each['escalate_to'], [...path, 'escalate_to'], each['name']);
    if (check === null || typeof each['template'] !== 'string') return;
    const { template, target } = each;
    const asked = {
      template: /[/.]/.test(template) ? inBase(template) : template,
      parameters: recordOf(each['parameters']),
      ...(typeof target === 'string' && { target }),
    };
    for (const { member, message } of check(asked)) {
      problems.push(at([...path, ...member.split('.')], message));
    }
  });
  leads(recordOf(revocation['effect'])['escalate_to'], ['revocation', 'effect', 'escalate_to']);
  return problems;
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}
