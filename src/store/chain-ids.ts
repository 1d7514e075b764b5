import type { AccessEvent } from '../core/access-event.ts';
import { chainIdOf, JOIN_KINDS, joinKeysOf, localIdOf, namingKeyOf } from '../core/chain.ts';
import { sourceIdOf } from '../core/source-id.ts';

/**
 * Every identifier by which the chain of this event, or its token, may be asked for, each with its
 * kind as `askedIdsOf` gives it.
 */
export function chainIdsOf(event: AccessEvent): readonly string[] {
  const ids = new Set([chainIdOf(event), ...joinKeysOf(event).map(localIdOf)]);
  const { session, token } = event;
  if (session?.id) ids.add(localIdOf({ kind: 'session', id: session.id }));
  if (token?.ref) ids.add(refText(token.ref));
  if (event.id !== '' && namingKeyOf(event) === null) ids.add(eventIdText(event.id));
  return [...ids];
}

/**
 * What a person may mean by an id, the strongest first: a chain, transaction or trace by that very
 * id, then a key of each other kind, and at the last an event.
 */
export function askedIdsOf(id: string): readonly string[] {
  const keys = JOIN_KINDS.map((kind) => localIdOf({ kind, id }));
  return [...new Set([id, ...keys, refText(id), eventIdText(id)])];
}

/** What `chainIdsOf` has of a token by its `jti` or its reference. */
export function tokenIdsOf(name: string): readonly string[] {
  return [localIdOf({ kind: 'jti', id: name }), refText(name)];
}

function refText(ref: string): string {
  return `ref:${ref}`;
}

/** The id of an event whatever its source, so that several chains may have it. */
export function eventIdText(id: string): string {
  return `id:${id}`;
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
