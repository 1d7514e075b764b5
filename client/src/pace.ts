import type { ClientClock } from './clock.ts';

const MINUTE_MS = 60_000;
/** What may come at once, as a share of a minute. */
const BURST_SHARE = 1 / 6;
const BUCKETS_MAX = 10_000;

interface Bucket {
  level: number;
  atMs: number;
}

/** How fast breakers let actions pass: a token bucket for each. */
export interface Pace {
  /** Takes one; 0 when it may pass, else the seconds until the next may. */
  take(text: string, perMinute: number): number;
}

export function createPace(clock: ClientClock): Pace {
  const buckets = new Map<string, Bucket>();
  return {
    take: (text, perMinute) => {
      if (perMinute <= 0) return MINUTE_MS / 1_000;
      const most = Math.max(1, perMinute * BURST_SHARE);
      const nowMs = clock.monotonicMs();
      const before = buckets.get(text) ?? { level: most, atMs: nowMs };
      const filled = before.level + ((nowMs - before.atMs) / MINUTE_MS) * perMinute;
      const level = Math.min(most, filled);
      const passes = level >= 1;
      buckets.delete(text);
      buckets.set(text, { level: passes ? level - 1 : level, atMs: nowMs });
      if (buckets.size > BUCKETS_MAX) buckets.delete(buckets.keys().next().value ?? '');
      return passes ? 0 : Math.ceil(((1 - level) / perMinute) * 60);
    },
  };
}
