import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeliveryOutcome } from '../../ports/revocation-receiver.ts';
import type { Post } from '../guarded-post.ts';
import { SET_TYPE } from './security-event-token.ts';

/** Pushes one signed token (RFC 8935) and says what came of it. Never throws. */
export type SetPush = (token: string, signal: AbortSignal) => Promise<DeliveryOutcome>;

/** A reason of one's own: the default one is an error with a stack, made for each delivery. */
const OVER = 'over';

/**
 * Only 202 counts as acknowledged: another 2xx may come from a proxy or a login page, and an
 * acknowledgement that is not one is worse than a retry.
 */
export function createSetPush(options: {
  readonly url: URL;
  /** Sent as given; without it no `Authorization` header is sent at all. */
  readonly authorizationHeader?: string;
  readonly post: Post;
  readonly clock: Clock;
}): SetPush {
  const { url, authorizationHeader, post, clock } = options;
  const headers = {
    'content-type': `application/${SET_TYPE}`,
    accept: 'application/json',
    ...(authorizationHeader === undefined ? {} : { authorization: authorizationHeader }),
  };
  return async (body, signal) => {
    const limit = new AbortController();
    void clock.sleep(LIMITS.deliveryTimeoutMs, limit.signal).then(() => limit.abort(OVER));
    try {
      const both = AbortSignal.any([signal, limit.signal]);
      const answer = await post({ url, headers, body, signal: both });
      return outcomeOf(answer, clock.now());
    } catch (error) {
      if (signal.aborted) return { status: 'retry', detail: 'aborted' };
      return { status: 'retry', detail: limit.signal.aborted ? 'timeout' : codeOf(error) };
    } finally {
      limit.abort(OVER);
    }
  };
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
