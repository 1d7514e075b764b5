import type { KeyKind } from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import { awsSignedHeaders } from './aws-signature.ts';
import { type Call, callOf, callText } from './call.ts';
import type { Credentials } from './credentials.ts';
import type { Answer, Facts } from './expression.ts';
import { signedJwt } from './jwt.ts';
import { fillJson, Unrepresentable, type Value, type Values } from './placeholders.ts';
import type { ActuatorAction, Step, Template } from './template.ts';
import type { Send } from './transports.ts';
import { variablesOf } from './variables.ts';
import { webhookHeaders } from './webhook-signature.ts';

/** What a target is seen to be. */
export type TargetState = 'frozen' | 'active' | 'unknown';

/** How one action ended. `retry` may end otherwise the next time; `refused` would not. */
export interface Receipt {
  readonly status: 'done' | 'retry' | 'refused';
  /** A word for the record; never anything that the target said. */
  readonly detail: string;
  readonly calledAt: EpochMs;
  readonly returnedAt: EpochMs;
}

export interface ActuatorOptions {
  readonly name: string;
  readonly template: Template;
  readonly keys: readonly KeyKind[];
  /** From this level on it freezes; below, it restores what it froze. */
  readonly minimumLevel: number;
  /** Whether anything but a person's order makes it act. */
  readonly automatic: boolean;
  /** Values of the template's parameters; of secret ones, their references. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly send: Send;
  readonly credentials: Credentials;
  readonly clock: Clock;
}

/** A template with its parameters: acts on one target at a time, and remembers nothing. */
export interface Actuator {
  readonly name: string;
  readonly options: ActuatorOptions;
  readonly canRestore: boolean;
  readonly canObserve: boolean;
  /** The longest that bringing a target to its state and looking at it may take, milliseconds. */
  readonly attemptMs: number;
  freeze(order: BreakerOrder, target: string): Promise<Receipt>;
  restore(order: BreakerOrder, target: string): Promise<Receipt>;
  /** Never rejects: who cannot be asked is `unknown`. */
  observe(order: BreakerOrder, target: string): Promise<TargetState>;
  /** The requests of an action as they would be made, secrets masked; nothing is sent. */
  describe(action: ActuatorAction, order: BreakerOrder, target: string): readonly string[];
}

interface Run {
  readonly facts: Facts;
  readonly values: Map<string, Value>;
  answer: Answer;
}

const NO_ANSWER: Answer = { status: 0, text: '', json: null };

/** Puts a template and its parameters together. */
export function createActuator(options: ActuatorOptions): Actuator {
  return new TemplateActuator(options);
}

/** A step that did not end well, and whether it may another time. */
class StepFailed extends Error {
  readonly retryable: boolean;

  constructor(detail: string, retryable: boolean) {
    super(detail);
    this.name = 'StepFailed';
    this.retryable = retryable;
  }
}

class TemplateActuator implements Actuator {
  readonly options: ActuatorOptions;
  readonly name: string;
  readonly canRestore: boolean;
  readonly canObserve: boolean;
  readonly attemptMs: number;

  constructor(options: ActuatorOptions) {
    const { login, freeze, restore, observe } = options.template;
    this.options = options;
    this.name = options.name;
    this.canRestore = restore.length > 0;
    this.canObserve = observe.length > 0;
    // Before it restores it looks, and after either; each with a login of its own.
    const looking = this.canObserve ? login.length + observe.length : 0;
    const acting = login.length + Math.max(freeze.length, restore.length + looking);
    this.attemptMs = (acting + looking + 1) * LIMITS.actuatorTimeoutMs;
  }

  freeze(order: BreakerOrder, target: string): Promise<Receipt> {
    return this.#act('freeze', order, target);
  }

  restore(order: BreakerOrder, target: string): Promise<Receipt> {
    return this.#act('restore', order, target);
  }

  async observe(order: BreakerOrder, target: string): Promise<TargetState> {
    const { state } = this.options.template;
    if (state === null) return 'unknown';
    try {
      const { answer, facts } = await this.#run('observe', order, target);
      const seen = state(answer, facts);
      return seen === 'frozen' || seen === 'active' ? seen : 'unknown';
    } catch {
      return 'unknown';
    }
  }

  describe(action: ActuatorAction, order: BreakerOrder, target: string): readonly string[] {
    const { template, parameters, clock, name } = this.options;
    if (template[action].length === 0) return [];
    const values = new Map<string, Value>(
      variablesOf({ actuator: name, order, target, now: clock.now() }),
    );
    for (const [parameter, { secret, url }] of Object.entries(template.parameters)) {
      const given = parameters[parameter] ?? template.parameters[parameter]?.default ?? '';
      const text = secret && given !== '' ? '***' : given;
      values.set(parameter, { text, ...(url && { url }) });
    }
    return [...template.login, ...template[action]].flatMap((step) => {
      const lines = describedStep(step, values);
      if (step.jwt) values.set(step.jwt.save, { text: `<${step.jwt.save}>` });
      for (const [saved] of step.save) values.set(saved, { text: `<${saved}>` });
      return lines;
    });
  }

  async #act(action: 'freeze' | 'restore', order: BreakerOrder, target: string): Promise<Receipt> {
    const { clock } = this.options;
    const calledAt = clock.now();
    const receipt = (status: Receipt['status'], detail: string): Receipt => ({
      ...{ status, detail, calledAt },
      returnedAt: clock.now(),
    });
    try {
      await this.#run(action, order, target);
      return receipt('done', action === 'freeze' ? 'frozen' : 'restored');
    } catch (error) {
      if (error instanceof Unrepresentable) return receipt('refused', 'unrepresentable');
      if (!(error instanceof StepFailed)) return receipt('retry', 'no_answer');
      return receipt(error.retryable ? 'retry' : 'refused', error.message);
    }
  }

  /** Runs the login and the action; the last answer. */
  async #run(action: ActuatorAction, order: BreakerOrder, target: string): Promise<Run> {
    const { template, clock, name } = this.options;
    const variables = variablesOf({ actuator: name, order, target, now: clock.now() });
    const facts = Object.fromEntries([...variables].map(([fact, { text }]) => [fact, text]));
    const run: Run = { facts, values: new Map(variables), answer: NO_ANSWER };
    for (const step of [...template.login, ...template[action]]) {
      run.answer = await this.#timed((signal) => this.#step(step, run, signal));
    }
    return run;
  }

  async #timed<Result>(task: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { clock } = this.options;
    const ended = new AbortController();
    const limit = new AbortController();
    const late = clock.sleep(LIMITS.actuatorTimeoutMs, ended.signal).then((): never => {
      limit.abort();
      throw new StepFailed('timeout', true);
    });
    // Whoever ignores the signal is not waited for either.
    late.catch(() => undefined);
    try {
      return await Promise.race([task(limit.signal), late]);
    } finally {
      ended.abort();
    }
  }

  async #step(step: Step, { values, facts }: Run, signal: AbortSignal): Promise<Answer> {
    const { template, send, clock } = this.options;
    for (const name of Object.keys(template.parameters)) {
      if (!values.has(name)) {
        values.set(name, await this.#parameter(name, facts['target'] ?? '', signal));
      }
    }
    if (step.jwt) {
      const text = await signedJwt(step.jwt, values, clock.now()).catch(() => {
        throw new StepFailed('key_unusable', true);
      });
      values.set(step.jwt.save, { text, secret: true });
      return NO_ANSWER;
    }
    const call = signed(callOf(step, values), step, values, clock.now());
    const answer = await send(call, signal);
    judge(step, call, answer, facts);
    for (const [name, expression] of step.save) {
      const saved = evaluated(() => expression(answer, facts));
      if (typeof saved !== 'string') throw new StepFailed('answer_unusable', false);
      values.set(name, { text: saved, secret: true });
    }
    return answer;
  }

  async #parameter(name: string, target: string, signal: AbortSignal): Promise<Value> {
    const { parameters, template, credentials } = this.options;
    const declared = template.parameters[name];
    const given = parameters[name] ?? declared?.default ?? '';
    if (!declared?.secret) return { text: given, ...(declared?.url && { url: true }) };
    if (given === '') return { text: '', secret: true };
    // One file or entry for each target; a name must not lead to another.
    if (given.includes('{target}') && !/^[\w@+-][\w@+.:-]*$/.test(target)) {
      throw new Unrepresentable('target');
    }
    const reference = given.replaceAll('{target}', target);
    const text = await credentials(reference, signal).catch(() => {
      throw new StepFailed('credential_missing', true);
    });
    return { text, secret: true };
  }
}

/** Throws where an answer does not mean that it is done. */
function judge(step: Step, call: Call, answer: Answer, facts: Facts): void {
  if (step.expect !== null) {
    const { expect } = step;
    if (evaluated(() => expect(answer, facts)) === true) return;
    if (call.kind !== 'http') throw new StepFailed('answer_unexpected', true);
  } else if (call.kind === 'http') {
    const { status } = answer;
    if (step.success ? step.success.includes(status) : status >= 200 && status < 300) return;
  } else if (answer.status === 0) return;
  else throw new StepFailed(`exit_${answer.status}`, true);
  throw new StepFailed(`status_${answer.status}`, isPassing(answer.status));
}

/** Credentials are renewed and servers recover; a request that is wrong stays so. */
function isPassing(status: number): boolean {
  return [401, 403, 408, 409, 423, 425, 429].includes(status) || status >= 500 || status < 400;
}

function evaluated(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return undefined;
  }
}

function signed(call: Call, step: Step, values: Values, nowMs: number): Call {
  if (call.kind !== 'http' || step.http?.sign === undefined) return call;
  const text = (name: string) => values.get(name)?.text ?? '';
  if (step.http.sign === 'standard_webhooks') {
    const message = { id: `msg_${text('idempotency_key').slice(0, 32)}`, body: call.body };
    const headers = webhookHeaders(message, nowMs, text('signing_secret'));
    return { ...call, headers: { ...call.headers, ...headers } };
  }
  const token = text('session_token');
  const credentials = {
    accessKeyId: text('access_key_id'),
    secretAccessKey: text('secret_access_key'),
    sessionToken: token === '' ? null : token,
    region: text('region'),
    service: text('service'),
  };
  return { ...call, headers: awsSignedHeaders(call, credentials, nowMs) };
}

function describedStep(step: Step, values: Values): readonly string[] {
  if (step.jwt) {
    const { algorithm, claims, seconds, save } = step.jwt;
    const shown = JSON.stringify(fillJson(claims, values));
    return [`jwt ${algorithm} for ${seconds} s as <${save}>`, shown, ''];
  }
  const lines = callText(callOf(step, values));
  const signature = step.http?.sign ? [`(signed: ${step.http.sign})`] : [];
  return [...lines, ...signature, ''];
}
