import type { AccessEvent, EventKind } from '../../core/access-event.ts';

/**
 * Whether the call did something: denied, failed, cancelled and timed-out calls count as not done,
 * one of unknown outcome as done unless its decision was `deny`.
 */
export function wentThrough({ outcome, decision }: AccessEvent): boolean {
  if (outcome.status === 'success') return true;
  return outcome.status === 'unknown' && decision?.verdict !== 'deny';
}

/** Whether the event is a call carried out: what was only proposed or decided is not yet an act. */
export function wasDone(event: AccessEvent): boolean {
  return event.phase !== 'proposed' && event.kind !== 'authz_decision' && wentThrough(event);
}

/** Calls of tools and accesses to data: what most detectors judge. */
export const ACCESS_KINDS: readonly EventKind[] = ['tool_call', 'data_access'];
