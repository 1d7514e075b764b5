import { createHash, createHmac } from 'node:crypto';
import type { BreakerKey, Transition } from '../../core/breaker.ts';
import { TripcoilError } from '../../core/errors.ts';
import type { Finding } from '../../core/finding.ts';
import { LIMITS } from '../../core/limits.ts';
import { REVOKING_LEVEL } from '../../core/revocation.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { checkedUrl, createGuardedPost, type Post, type Reach } from '../guarded-post.ts';

export interface AlertWebhookOptions extends Reach {
  readonly url: string;
  /** `whsec_` and base64, as in Standard Webhooks; without it nothing is signed. */
  readonly secret?: string;
  readonly clock: Clock;
  /** 0 to 1, for the jitter between attempts. */
  readonly random: () => number;
  /** A key as brokers know it, at the moment of sending; as recorded unless given. */
  readonly named?: (key: BreakerKey) => BreakerKey;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Replaces the network, for tests. */
  readonly post?: Post;
}

/**
 * Tells people. Takes an alert and returns at once; when it cannot keep up, the oldest is lost, but
 * of what is grave nothing while anything else waits.
 */
export interface AlertWebhook {
  /** Sent when the level is `high` or `critical`; others are ignored. */
  finding(finding: Finding): void;
  transition(transition: Transition): void;
  /** An enforcement point has not obeyed in time, refused to, or what it did was undone. */
  effect(alert: EffectAlert): void;
  /** Alerts not yet delivered. */
  readonly pending: number;
  close(): Promise<void>;
}

/** What is told of an enforcement point that does not hold what was ordered. */
export interface EffectAlert {
  readonly kind: 'late' | 'drift' | 'refused';
  readonly point: string;
  /** As recorded. */
  readonly key: BreakerKey;
  /** The actuator that acts in its place. */
  readonly escalatedTo: string | null;
}

interface Alert {
  readonly id: string;
  /** Findings, what revokes, what a person did, and enforcement points that do not obey. */
  readonly grave: boolean;
  /** Written anew for each attempt: what it names may be erased meanwhile. */
  readonly body: () => string;
}

/**
 * Posts alerts one at a time with the headers of Standard Webhooks. Any 2xx is delivered, 410 ends
 * the webhook, everything else is retried `LIMITS.alertAttempts` times.
 * @throws TripcoilError `config_invalid` for a URL outside the allowed reach or a bad secret.
 */
export function createAlertWebhook(options: AlertWebhookOptions): AlertWebhook {
  return new QueuedWebhook(options);
}

class QueuedWebhook implements AlertWebhook {
  readonly #options: AlertWebhookOptions;
  readonly #url: URL;
  readonly #secret: Buffer | null;
  readonly #post: Post;
  readonly #stopped = new AbortController();
  readonly #queue: Alert[] = [];
  #working: Promise<void> | null = null;

  constructor(options: AlertWebhookOptions) {
    this.#options = options;
    this.#url = checkedUrl(options.url, options);
    this.#secret = options.secret === undefined ? null : secretBytes(options.secret);
    this.#post = options.post ?? createGuardedPost(options);
  }

  finding(finding: Finding): void {
    if (finding.level !== 'high' && finding.level !== 'critical') return;
    this.#enqueue(findingAlert(finding));
  }

  transition(transition: Transition): void {
    this.#enqueue(transitionAlert(transition, this.#options.named ?? ((key) => key)));
  }

  effect({ kind, point, key, escalatedTo }: EffectAlert): void {
    const { clock, named = (one) => one } = this.#options;
    const now = clock.now();
    const identity = `effect ${kind} ${point} ${key.tenant} ${key.kind} ${key.id} ${now}`;
    const data = () => ({ point, key: named(key), escalated_to: escalatedTo });
    this.#enqueue(alertOf(`enforcement.${kind}`, identity, now, data));
  }

  get pending(): number {
    return this.#queue.length;
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#working;
  }

  #enqueue(alert: Alert): void {
    if (this.#stopped.signal.aborted) return;
    this.#queue.push(alert);
    if (this.#queue.length > LIMITS.alertQueue) {
      const light = this.#queue.findIndex(({ grave }) => !grave);
      this.#queue.splice(Math.max(light, 0), 1);
      this.#count('dropped');
    }
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
  }

  async #work(): Promise<void> {
    const queue = this.#queue;
    for (let alert = queue[0]; alert && !this.#stopped.signal.aborted; alert = queue[0]) {
      const result = await this.#deliver(alert);
      // The queue may have dropped it meanwhile.
      if (queue[0] === alert) queue.shift();
      this.#count(result);
    }
  }

  async #deliver(alert: Alert): Promise<'sent' | 'failed'> {
    const { clock, log, random } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const status = await this.#attempt(alert);
      if (status !== null && status >= 200 && status < 300) return 'sent';
      if (status === 410) {
        log.error('alert webhook is gone; no further alerts are sent');
        this.#stopped.abort();
        return 'failed';
      }
      if (attempt >= LIMITS.alertAttempts || this.#stopped.signal.aborted) {
        log.warn('alert not delivered', { status, attempts: attempt });
        return 'failed';
      }
      const ceiling = LIMITS.deliveryBackoffFirstMs * 2 ** attempt;
      const backoffMs = Math.min(ceiling, LIMITS.deliveryBackoffMaxMs) * (0.5 + random() / 2);
      await clock.sleep(backoffMs, this.#stopped.signal);
    }
  }

  /** The status, or null when no answer came in time. */
  async #attempt(alert: Alert): Promise<number | null> {
    const { clock } = this.#options;
    const limit = new AbortController();
    void clock.sleep(LIMITS.deliveryTimeoutMs, limit.signal).then(() => limit.abort());
    try {
      const signal = AbortSignal.any([this.#stopped.signal, limit.signal]);
      const body = alert.body();
      const told = { id: alert.id, body };
      const headers = signedHeaders(told, Math.floor(clock.now() / 1_000), this.#secret);
      return (await this.#post({ url: this.#url, headers, body, signal })).status;
    } catch {
      return null;
    } finally {
      limit.abort();
    }
  }

  #count(result: 'sent' | 'failed' | 'dropped'): void {
    const { metrics } = this.#options;
    metrics.count('tripcoil_notifications_total', { sink: 'webhook', result });
    metrics.gauge('tripcoil_notification_queue_length', this.#queue.length, { sink: 'webhook' });
  }
}

function findingAlert(finding: Finding): Alert {
  const data = {
    id: finding.id,
    tenant: finding.tenant,
    agent: finding.agent,
    ...(finding.subject === undefined ? {} : { subject: finding.subject }),
    detector: finding.detector,
    mode: finding.mode,
    level: finding.level,
    score: finding.score,
    actual: finding.actual,
    typical: finding.typical,
    title: finding.title,
    explanation: finding.explanation,
    chain: finding.chain,
    decision: finding.decision,
  };
  const identity = `finding ${finding.tenant} ${finding.id}`;
  return alertOf('finding.created', identity, finding.time, () => data);
}

function transitionAlert(transition: Transition, named: (key: BreakerKey) => BreakerKey): Alert {
  const { key, epoch } = transition;
  const data = () => ({
    key: named(key),
    from: transition.from,
    to: transition.to,
    level: transition.level,
    epoch,
    reason: transition.reason,
    class: transition.class,
    finding_id: transition.findingId,
  });
  const identity = `transition ${key.tenant} ${key.kind} ${key.id} ${epoch}`;
  const grave = transition.level >= REVOKING_LEVEL || transition.actor !== null;
  return alertOf('breaker.transition', identity, transition.time, data, grave);
}

/** The id is derived from the thing told, so that a repeat after a restart is recognised. */
function alertOf(
  type: string,
  identity: string,
  time: number,
  data: () => unknown,
  grave = true,
): Alert {
  const id = `msg_${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`;
  const timestamp = new Date(time).toISOString();
  return { id, grave, body: () => JSON.stringify({ type, timestamp, data: data() }) };
}

/** Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, base64, version `v1`. */
function signedHeaders(
  alert: { readonly id: string; readonly body: string },
  timestampSeconds: number,
  secret: Buffer | null,
): Readonly<Record<string, string>> {
  const headers = {
    'content-type': 'application/json',
    'webhook-id': alert.id,
    'webhook-timestamp': String(timestampSeconds),
  };
  if (secret === null) return headers;
  const signed = `${alert.id}.${timestampSeconds}.${alert.body}`;
  const signature = createHmac('sha256', secret).update(signed).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signature}` };
}

const SECRET_MIN_BYTES = 24;

/** What is wrong with a secret, in words that do not repeat it; null when it can sign. */
export function secretProblem(secret: string): string | null {
  const isBase64 = /^(?:whsec_)?[A-Za-z0-9+/]+={0,2}$/.test(secret);
  if (isBase64 && decoded(secret).length >= SECRET_MIN_BYTES) return null;
  return `must be \`whsec_\` and base64 of ${SECRET_MIN_BYTES} bytes or more (Standard Webhooks)`;
}

function secretBytes(secret: string): Buffer {
  const problem = secretProblem(secret);
  if (problem !== null) throw new TripcoilError('config_invalid', `A webhook secret ${problem}.`);
  return decoded(secret);
}

function decoded(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
}
