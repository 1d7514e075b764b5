import type { AccessEvent } from '../../core/access-event.ts';

/**
 * Whether the call did something: denied, failed, cancelled and timed-out calls count as not done,
 * one of unknown outcome as done unless its decision was `deny`.
 */
export function wentThrough({ outcome, decision }: AccessEvent): boolean {
  if (outcome.status === 'success') return true;
  return outcome.status === 'unknown' && decision?.verdict !== 'deny';
}
