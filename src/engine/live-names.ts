import type { AccessEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { type EpochMs, MINUTE_MS } from '../core/time.ts';

/** A session or token that an agent acted with, and when last, by log time. Plain JSON. */
export interface LiveName {
  readonly kind: 'session' | 'token';
  readonly id: string;
  at: EpochMs;
}

/** Used so often, not with every event, the time is set anew. */
const TOUCH_MS = 1 * MINUTE_MS;

/** Notes what an event was done with; of more than are kept, the one used longest ago goes. */
export function noteLive(live: LiveName[], event: AccessEvent, logTime: EpochMs): void {
  if (event.session?.id !== undefined) note(live, 'session', event.session.id, logTime);
  if (event.token?.jti !== undefined) note(live, 'token', event.token.jti, logTime);
}

function note(live: LiveName[], kind: LiveName['kind'], id: string, logTime: EpochMs): void {
  for (let at = live.length - 1; at >= 0; at -= 1) {
    const known = live[at];
    if (known === undefined || known.kind !== kind || known.id !== id) continue;
    if (logTime - known.at < TOUCH_MS) return;
    live.splice(at, 1);
    break;
  }
  live.push({ kind, id, at: logTime });
  if (live.length > LIMITS.liveNamesPerAgent) live.shift();
}

/** Those used lately enough that somebody may still hold them. */
export function stillLive(live: readonly LiveName[], logTime: EpochMs): readonly LiveName[] {
  return live.filter(({ at }) => at > logTime - LIMITS.liveNameMs);
}
