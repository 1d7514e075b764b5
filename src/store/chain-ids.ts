import type { AccessEvent } from '../core/access-event.ts';
import { chainIdOf, joinKeysOf } from '../core/chain.ts';
import { sourceIdOf } from '../core/source-id.ts';

/** Every identifier by which a person may ask for the chain of this event, or for its token. */
export function chainIdsOf(event: AccessEvent): readonly string[] {
  const ids = new Set([
    chainIdOf(event),
    event.session?.id,
    event.token?.ref,
    ...joinKeysOf(event).map(({ id }) => id),
  ]);
  return [...ids].filter((id): id is string => id !== undefined && id !== '');
}

/**
 * Two reports of one tool call count as one call, and so does a resent event. A call id is one
 * within its agent and its trace, or else its session, as the engine counts: some frameworks begin
 * at `call_1` in each.
 */
export function actionKeyOf(event: AccessEvent): string {
  const { toolCallId } = event.action;
  if (toolCallId === undefined) return `${sourceIdOf(event)}\n${event.id}`;
  const scope = event.trace?.traceId ?? event.session?.id ?? '';
  return `${event.agent.id}\n${scope}\n${toolCallId}`;
}

/** Begins no chain, or every sign-in of a person would be one. */
export const SIGN_IN = 'authentication';

/** Kinds that are something an agent did, as against what others said about it. */
export const ACTIVITY_KINDS: readonly string[] = ['tool_call', 'data_access', 'model_call'];
