import type { AccessEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';

/** Event ids lately seen, oldest first, each with the hash of its content. */
export type RememberedIds = Map<string, string>;

export type Novelty = 'new' | 'duplicate' | 'id_conflict';

/** Ids are unique per sender; senders share the tenant's window. History never meets live ids. */
export function identityOf(event: AccessEvent): string {
  const lane = event.history ? 'history' : 'live';
  return `${lane}\n${event.source.deliveredBy}\n${event.id}`;
}

/** Whether this report was seen before; remembers it when not. */
export function remember(ids: RememberedIds, identity: string, contentHash: string): Novelty {
  const known = ids.get(identity);
  if (known !== undefined) return known === contentHash ? 'duplicate' : 'id_conflict';
  ids.set(identity, contentHash);
  forgetOldest(ids, LIMITS.rememberedEventIds);
  return 'new';
}

/**
 * Whether this is the first report of an action: a span and an audit record of one tool call
 * share its call id and trace, and count once.
 */
export function firstReport(actions: Map<string, string>, event: AccessEvent): boolean {
  const callId = event.action.toolCallId;
  if (callId === undefined) return true;
  const scope = event.trace?.traceId ?? event.session?.id ?? '';
  const key = `${event.agent.id}\n${scope}\n${callId}`;
  if (actions.has(key)) return false;
  actions.set(key, event.id);
  forgetOldest(actions, LIMITS.rememberedActions);
  return true;
}

function forgetOldest(map: Map<string, string>, limit: number): void {
  if (map.size <= limit) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
