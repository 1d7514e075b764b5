import * as z from 'zod';
import { KEY_KINDS } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Expression } from './expression.ts';

/**
 * How one kind of target is frozen, restored and looked at: a YAML file of `templates/`, or of the
 * user's own. Text may hold `{placeholders}`: parameters, facts of the order, and what earlier
 * steps saved; `{{` stands for a brace.
 */

const text = z.string().min(1).max(4_096);
const name = z.string().regex(/^[a-z][a-z0-9_]*$/);

const sign = z.enum(['standard_webhooks', 'aws_sigv4']);

const http = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  url: text,
  headers: z.record(z.string(), text).optional(),
  json: z.unknown().optional(),
  form: z.record(z.string(), text).optional(),
  basic: z.strictObject({ user: text, password: text }).optional(),
  /** Signs the request: with `{signing_secret}`, or `{access_key_id}` and its companions. */
  sign: sign.optional(),
});

const socket = z.strictObject({
  /** `/path` of a unix socket, or `host:port`. */
  address: text,
  /** One line; the answer is what comes until the other side closes. */
  command: text,
});

const redis = z.strictObject({
  address: text,
  tls: z.boolean().optional(),
  user: text.optional(),
  password: text.optional(),
  /** One command, argument by argument. */
  command: z.array(z.string().max(4_096)).min(1).max(32),
});

const exec = z.strictObject({
  /** Program and arguments; no shell reads them. */
  command: z.array(text).min(1).max(32),
  /** Given to its standard input as JSON. */
  json: z.unknown().optional(),
});

/** Makes a signed JWT, for targets that ask for one in place of a secret. */
const jwt = z.strictObject({
  algorithm: z.enum(['RS256', 'ES256']),
  /** A private key as PKCS 8 PEM. */
  key: text,
  kid: text.optional(),
  claims: z.record(z.string(), text),
  /** Of `exp` after `iat`. */
  seconds: z.int().min(30).max(3_600),
  save: name,
});

const step = z
  .strictObject({
    http: http.optional(),
    socket: socket.optional(),
    redis: redis.optional(),
    exec: exec.optional(),
    jwt: jwt.optional(),
    /** HTTP statuses that mean done; every 2xx unless given. */
    success: z.array(z.int().min(100).max(599)).min(1).optional(),
    /** CEL over the answer: whether it means done. */
    expect: text.optional(),
    /** Names for later steps, by CEL over the answer. */
    save: z.record(name, text).optional(),
  })
  .refine(
    (one) => [one.http, one.socket, one.redis, one.exec, one.jwt].filter(Boolean).length === 1,
    {
      message: 'needs exactly one of http, socket, redis, exec, jwt',
    },
  );

const steps = z.array(step).min(1).max(LIMITS.actuatorSteps);

/** The file of a template, as written. */
export const TEMPLATE_SCHEMA = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  title: text,
  summary: text,
  verified: z.string().regex(/^(tested against .+|template, not verified)$/),
  reversible: z.boolean(),
  /** What is taken away: a credential (from L5 on unless configured) or sessions (from L4 on). */
  takes: z.enum(['credential', 'session']),
  keys: z.array(z.enum(KEY_KINDS)).min(1),
  /** How soon the target enforces it. */
  delay: text,
  /** What this template does not do, and what would be needed. */
  missing: text.optional(),
  parameters: z.record(
    name,
    z.strictObject({
      description: text,
      default: z.string().optional(),
      secret: z.boolean().optional(),
      /** Put into URLs as it is: a base URL, not a component. */
      url: z.boolean().optional(),
    }),
  ),
  /** Steps before any of the others, such as fetching a token. */
  login: steps.optional(),
  freeze: steps,
  restore: steps.optional(),
  observe: steps.optional(),
  /**
   * CEL over the answer of the last step of `observe` (`status`, `text`, `json`) and over `facts`:
   * `frozen`, `active` or `unknown`.
   */
  state: text.optional(),
});

export type TemplateFile = z.output<typeof TEMPLATE_SCHEMA>;
export type StepFile = z.output<typeof step>;
export type HttpCall = z.output<typeof http>;
export type SocketCall = z.output<typeof socket>;
export type RedisCall = z.output<typeof redis>;
export type ExecCall = z.output<typeof exec>;
export type JwtCall = z.output<typeof jwt>;

/** One step with its expressions compiled. */
export interface Step extends Omit<StepFile, 'expect' | 'save'> {
  readonly expect: Expression | null;
  readonly save: readonly (readonly [string, Expression])[];
}

export type ActuatorAction = 'freeze' | 'restore' | 'observe';

/** A template that can be run. */
export interface Template
  extends Omit<TemplateFile, 'login' | 'freeze' | 'restore' | 'observe' | 'state'> {
  readonly login: readonly Step[];
  readonly freeze: readonly Step[];
  /** Empty where it cannot be taken back. */
  readonly restore: readonly Step[];
  /** Empty where nobody can look. */
  readonly observe: readonly Step[];
  readonly state: Expression | null;
}
