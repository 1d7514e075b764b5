import type { AccessEvent } from '../../core/access-event.ts';
import type { BreakerKey } from '../../core/breaker.ts';
import { actorsOf } from '../../core/chain-hops.ts';
import { LIMITS } from '../../core/limits.ts';
import { type EpochMs, MINUTE_MS } from '../../core/time.ts';

/** One agent works for another within a chain. */
export interface DelegationLink {
  readonly parent: string;
  /** The session that the parent acted in when it delegated; null where none is known. */
  readonly parentSession: string | null;
  readonly child: string;
}

/** The delegations of one chain, and when it was last heard of, by log time. */
export interface DelegatedChain {
  readonly at: EpochMs;
  readonly links: readonly DelegationLink[];
}

/** By what a breaker of the chain is named, the one heard of longest ago first. */
export type DelegationState = Map<string, DelegatedChain>;

/** Heard of so often, not with every event, the time is set anew. */
const TOUCH_MS = 1 * MINUTE_MS;

/** What brokers call the chain of an event: its transaction, or its trace where it has none. */
export function chainNameOf({ token, trace }: Pick<AccessEvent, 'token' | 'trace'>): string | null {
  return token?.txn ?? trace?.traceId ?? null;
}

/**
 * Notes who an event's agent works for, as its `act` chain says, and returns the chain if that is
 * news. Not on the agent's own word: nobody may be held because somebody claims to work for them.
 */
export function noteDelegation(
  state: DelegationState,
  event: AccessEvent,
  logTime: EpochMs,
  sessionOf: (parent: string) => string | null,
): string | null {
  const { delegation, source, agent } = event;
  if (delegation === undefined || delegation.length === 0 || source.trust === 'agent') return null;
  const chain = chainNameOf(event);
  if (chain === null) return null;
  const known = state.get(chain);
  const links = [...(known?.links ?? [])];
  for (const parent of actorsOf(event)) {
    const isKnown = links.some((link) => link.parent === parent && link.child === agent.id);
    if (isKnown || parent === agent.id || links.length >= LIMITS.delegationsPerChain) continue;
    links.push({ parent, parentSession: sessionOf(parent), child: agent.id });
  }
  const isNews = links.length > (known?.links.length ?? 0);
  if (!isNews && (known === undefined || logTime - known.at < TOUCH_MS)) return null;
  state.delete(chain);
  state.set(chain, { at: logTime, links });
  if (state.size > LIMITS.delegatedChains) {
    const [oldest] = state.keys();
    if (oldest !== undefined) state.delete(oldest);
  }
  return isNews ? chain : null;
}

/**
 * The live chains in which the subject of a breaker has delegated, the latest first:
 * `LIMITS.cascadedChains` at most.
 */
export function chainsDelegatedBy(
  state: DelegationState,
  key: BreakerKey,
  logTime: EpochMs,
): readonly string[] {
  const chains: string[] = [];
  for (const [chain, { at, links }] of state) {
    if (at <= logTime - LIMITS.liveNameMs) continue;
    if (links.some((link) => isParent(key, link))) chains.push(chain);
  }
  return chains.reverse().slice(0, LIMITS.cascadedChains);
}

/** Whether the parent of a link falls under the breaker. */
export function isParent({ kind, id, agent }: BreakerKey, link: DelegationLink): boolean {
  if (kind === 'agent') return link.parent === id;
  if (kind !== 'session' || link.parentSession !== id) return false;
  return agent === undefined || link.parent === agent;
}
