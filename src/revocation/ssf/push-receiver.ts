import type { BreakerOrder } from '../../core/breaker-order.ts';
import { LIMITS } from '../../core/limits.ts';
import { CAEP_SESSION_REVOKED, RISC_ACCOUNT_DISABLED } from '../../core/revocation.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { DeliveryOutcome, RevocationReceiver } from '../../ports/revocation-receiver.ts';
import { checkedUrl, createGuardedPost, type Post, type Reach } from '../guarded-post.ts';
import { eventTypesOf, RISC_ACCOUNT_ENABLED } from './event-types.ts';
import { SET_TYPE, setsOf } from './security-event-token.ts';

export interface SsfPushOptions extends Reach {
  readonly name: string;
  readonly url: string;
  readonly tenants: readonly string[] | '*';
  readonly audience: string;
  readonly issuer: (tenant: string) => string;
  /** Who issued the agents' identities; the transmitter's own issuer when absent. */
  readonly subjectIssuer?: (tenant: string) => string;
  readonly keys: KeyRing;
  /** Event types pushed; those that end and restore an agent's access unless given. */
  readonly events?: readonly string[];
  /** Sent as given; without it no `Authorization` header is sent at all. */
  readonly authorizationHeader?: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Replaces the network, for tests. */
  readonly post?: Post;
}

const REVOKING_EVENTS = [CAEP_SESSION_REVOKED, RISC_ACCOUNT_DISABLED, RISC_ACCOUNT_ENABLED];

/**
 * Pushes signed SETs to one receiver (RFC 8935). Only 202 counts as acknowledged: another 2xx may
 * come from a proxy or a login page, and an acknowledgement that is not one is worse than a retry.
 * @throws TripcoilError `config_invalid` for a URL outside the allowed reach.
 */
export function createSsfPushReceiver(options: SsfPushOptions): RevocationReceiver {
  const { name, tenants, clock, metrics, log } = options;
  const url = checkedUrl(options.url, options);
  const post = options.post ?? createGuardedPost(options);
  const partly = new Map<string, Set<string>>();
  const headers = headersOf(options);
  const wanted = new Set(options.events ?? REVOKING_EVENTS);
  const isWanted = (type: string): boolean => wanted.has(type);

  async function push(body: string, signal: AbortSignal): Promise<DeliveryOutcome> {
    const limit = new AbortController();
    void clock.sleep(LIMITS.deliveryTimeoutMs, limit.signal).then(() => limit.abort());
    try {
      const both = AbortSignal.any([signal, limit.signal]);
      const answer = await post({ url, headers, body, signal: both });
      return outcomeOf(answer, clock.now());
    } catch (error) {
      if (signal.aborted) return { status: 'retry', detail: 'aborted' };
      return { status: 'retry', detail: limit.signal.aborted ? 'timeout' : codeOf(error) };
    } finally {
      limit.abort();
    }
  }

  async function deliver(order: BreakerOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { tenant } = order.key;
    const subjectIssuer = options.subjectIssuer?.(tenant);
    const address = {
      issuer: options.issuer(tenant),
      audience: options.audience,
      ...(subjectIssuer === undefined ? {} : { subjectIssuer }),
    };
    const accepted = acceptedOf(partly, order.jti);
    let unwanted: DeliveryOutcome | null = null;
    for (const claims of setsOf(order, address, clock.now(), isWanted)) {
      if (accepted.has(claims.jti)) continue;
      const outcome = await push(await options.keys.signJwt(claims, SET_TYPE), signal);
      if (outcome.status === 'retry') return outcome;
      if (outcome.status === 'acknowledged') accepted.add(claims.jti);
      // SSF has no error code for an event type that a receiver does not take.
      else unwanted ??= outcome;
    }
    partly.delete(order.jti);
    // The first says that the agent's sessions end, and stands for the whole.
    if (unwanted === null || accepted.has(order.jti)) return { status: 'acknowledged' };
    return unwanted;
  }

  return {
    name,
    tenants,
    concerns: (order) => eventTypesOf(order).some(isWanted),
    deliver: async (order, signal) => {
      const outcome = await deliver(order, signal).catch((): DeliveryOutcome => {
        log.error('revocation could not be signed', { receiver: name });
        return { status: 'retry', detail: 'signing_failed' };
      });
      metrics.count('tripcoil_revocations_total', {
        broker: name,
        transport: 'push',
        result: RESULTS[outcome.status],
      });
      if (outcome.status !== 'acknowledged') {
        log.warn('revocation not acknowledged', { receiver: name, detail: outcome.detail });
      }
      return outcome;
    },
  };
}

function headersOf({ authorizationHeader }: SsfPushOptions): Readonly<Record<string, string>> {
  return {
    'content-type': `application/${SET_TYPE}`,
    accept: 'application/json',
    ...(authorizationHeader === undefined ? {} : { authorization: authorizationHeader }),
  };
}

const RESULTS = { acknowledged: 'acked', retry: 'failed', rejected: 'rejected' } as const;

/** The tokens of a revocation that the receiver took already; they are not pushed again. */
function acceptedOf(partly: Map<string, Set<string>>, jti: string): Set<string> {
  const accepted = partly.get(jti) ?? new Set<string>();
  partly.set(jti, accepted);
  // One that is forgotten costs one more push under the same `jti`.
  if (partly.size > LIMITS.outboxPending) partly.delete(partly.keys().next().value ?? '');
  return accepted;
}

/**
 * Of the codes of RFC 8935 section 2.4 only `invalid_request` is about the token itself. Issuer,
 * key, audience and access are settings that somebody puts right, so delivery goes on, slowly.
 */
function outcomeOf(
  answer: { readonly status: number; readonly retryAfter: string | null; readonly text: string },
  now: number,
): DeliveryOutcome {
  if (answer.status === 202) return { status: 'acknowledged' };
  const code = answer.status === 400 ? errorCodeOf(answer.text) : null;
  const afterMs = retryAfterMs(answer.retryAfter, now);
  if (code === 'invalid_request') return { status: 'rejected', detail: code };
  if (code !== null) {
    return { status: 'retry', detail: code, afterMs: afterMs ?? LIMITS.deliveryBackoffMaxMs };
  }
  const detail = `status_${answer.status}`;
  return { status: 'retry', detail, ...(afterMs === null ? {} : { afterMs }) };
}

/** The `err` of RFC 8935 section 2.3; null when the answer is no such document. */
function errorCodeOf(text: string): string | null {
  try {
    const err = (JSON.parse(text) as { readonly err?: unknown } | null)?.err;
    return typeof err === 'string' && /^[\w-]{1,64}$/.test(err) ? err : null;
  } catch {
    return null;
  }
}

/** Seconds or an HTTP date (RFC 9110 section 10.2.3), capped; null when absent or unreadable. */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  if (Number.isNaN(ms)) return null;
  return Math.min(Math.max(ms, 0), LIMITS.deliveryRetryAfterMaxMs);
}

function codeOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === 'string' && /^[A-Z_0-9]{1,40}$/.test(code)) return code.toLowerCase();
  return message === 'address_refused' || message === 'https_required' ? message : 'no_answer';
}
