import type { AccessEvent, EventKind } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';

/**
 * A bounded memory of keys in two generations: when the young one is half the limit, the old one is
 * forgotten whole. Between half and all of the limit is remembered, without a deletion per key.
 */
export interface Remembered {
  young: Map<string, string>;
  old: Map<string, string>;
}

export type Novelty = 'new' | 'duplicate' | 'id_conflict';

export function createRemembered(): Remembered {
  return { young: new Map(), old: new Map() };
}

/** Ids are unique per sender; senders share the tenant's window. History never meets live ids. */
export function identityOf(event: AccessEvent): string {
  const lane = event.history ? 'history' : 'live';
  return `${lane}\n${event.source.deliveredBy}\n${event.id}`;
}

/** Whether this report was seen before; remembers it when not. */
export function remember(ids: Remembered, identity: string, contentHash: string): Novelty {
  const known = ids.young.get(identity) ?? ids.old.get(identity);
  if (known !== undefined) return known === contentHash ? 'duplicate' : 'id_conflict';
  put(ids, identity, contentHash, LIMITS.rememberedEventIds);
  return 'new';
}

/**
 * Whether this is the first report of an action: a span and an audit record of one tool call
 * share its call id and trace, and count once.
 */
export function firstReport(actions: Remembered, event: AccessEvent): boolean {
  const callId = event.action.toolCallId;
  if (callId === undefined) return true;
  const scope = event.trace?.traceId ?? event.session?.id ?? '';
  const part = PARTS.has(event.kind) ? event.kind : 'action';
  const key = `${part}\n${event.agent.id}\n${scope}\n${callId}`;
  if (actions.young.has(key) || actions.old.has(key)) return false;
  put(actions, key, '', LIMITS.rememberedActions);
  return true;
}

/** Steps before a call that name it too: the decision and the approval are not the call. */
const PARTS: ReadonlySet<EventKind> = new Set<EventKind>(['authz_decision', 'approval']);

function put(memory: Remembered, key: string, value: string, limit: number): void {
  memory.young.set(key, value);
  if (memory.young.size < limit / 2) return;
  memory.old = memory.young;
  memory.young = new Map();
}
