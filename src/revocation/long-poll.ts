import type { IncomingHttpHeaders } from 'node:http';
import { LIMITS } from '../core/limits.ts';
import { SECOND_MS } from '../core/time.ts';

/** Seconds that a caller would wait for a change: `Prefer: wait=30` (RFC 7240 section 4.3). */
export function waitSecondsOf(headers: IncomingHttpHeaders): number {
  const given = headers['prefer'];
  const text = Array.isArray(given) ? given.join(',') : (given ?? '');
  const [, seconds = '0'] = /(?:^|[;,\s])wait=(\d{1,6})(?:$|[;,\s])/i.exec(text) ?? [];
  return Math.min(Number(seconds), LIMITS.changesAwaitedMs / SECOND_MS);
}
