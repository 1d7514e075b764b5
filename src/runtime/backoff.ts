import { LIMITS } from '../core/limits.ts';

/** Milliseconds before the retry that follows attempt number `attempt`, counted from 0. */
export function backoffMs(attempt: number, jitter: number): number {
  const { deliveryBackoffFirstMs: first, deliveryBackoffMaxMs: max } = LIMITS;
  const base = Math.min(max, first * 2 ** Math.min(attempt, 20));
  return base * (0.5 + jitter / 2);
}
