import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { checkedUrl, createGuardedPost, type Post, type Reach } from '../guarded-post.ts';

export interface UpstreamOptions extends Reach {
  readonly url: string;
  /** Value of the `Authorization` header by which we are the upstream's client. */
  readonly authorization: string | null;
  readonly timeoutMs: number;
  /**
   * When no answer comes: `closed` calls every token inactive, `open` believes those that a
   * configured issuer signed. One that nobody vouches for is never active.
   */
  readonly onFailure: 'closed' | 'open';
  readonly clock: Clock;
  readonly log: Log;
  /** Replaces the guarded POST in tests. */
  readonly post?: Post;
}

export type UpstreamAnswer =
  | { readonly failed: false; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly failed: true };

export interface IntrospectionUpstream {
  readonly onFailure: 'closed' | 'open';
  /** Never rejects; takes no longer than the time limit. */
  introspect(token: string): Promise<UpstreamAnswer>;
}

/** The introspection endpoint of an authorisation server. At most so many calls at once. */
export function createIntrospectionUpstream(options: UpstreamOptions): IntrospectionUpstream {
  const { authorization, timeoutMs, clock, log } = options;
  const url = checkedUrl(options.url, options);
  const post = options.post ?? createGuardedPost(options);
  let underWay = 0;
  const ask = async (token: string): Promise<UpstreamAnswer> => {
    const limit = new AbortController();
    const settled = new AbortController();
    void clock.sleep(timeoutMs, settled.signal).then(() => limit.abort());
    try {
      const answer = await post({
        url,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
          ...(authorization === null ? {} : { authorization }),
        },
        body: new URLSearchParams({ token }).toString(),
        signal: limit.signal,
        answerBytes: LIMITS.introspectionAnswerBytes,
      });
      const claims = answer.status === 200 ? objectOf(answer.text) : null;
      if (claims !== null) return { failed: false, claims };
      log.warn('introspection upstream refused', { status: answer.status });
    } catch {
      log.warn('introspection upstream did not answer', { timeout: limit.signal.aborted });
    } finally {
      settled.abort();
    }
    return { failed: true };
  };
  return {
    onFailure: options.onFailure,
    introspect: async (token) => {
      if (underWay >= LIMITS.introspectionsAtOnce) return { failed: true };
      underWay += 1;
      try {
        return await ask(token);
      } finally {
        underWay -= 1;
      }
    },
  };
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
