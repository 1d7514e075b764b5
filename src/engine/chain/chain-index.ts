import type { AccessEvent } from '../../core/access-event.ts';
import {
  type ChainLink,
  chainIdOf,
  declaredKeysOf,
  type JoinKey,
  type JoinKind,
  localIdOf,
  sessionInWaiting,
} from '../../core/chain.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import {
  type ChainKeys,
  countJoin,
  createKeys,
  expire,
  isTold,
  keyOf,
  learn,
  look,
  recall,
} from './chain-keys.ts';
import { type ChainNode, type LogPlace, rootOf } from './chain-node.ts';
import { type CountedCalls, createCounted, expiredCalls, sameCalls } from './counted-calls.ts';
import { EventKeys, type HashedKey, hashed } from './event-keys.ts';
import { createHeld, type HeldSteps } from './held-steps.ts';
import { createSources, type SourcesHeard } from './sources.ts';

/**
 * The chains of one tenant: a union of join keys, bounded. It reads nothing of other tenants, so a
 * chain never tells of them (invariant 10).
 */
export interface ChainIndex extends ChainKeys {
  readonly sources: SourcesHeard;
  readonly held: HeldSteps;
  readonly counted: CountedCalls;
  /** By number, while a snapshot is restored: its chunks name chains by it. */
  restoring: Map<number, ChainNode>;
}

export function createChainIndex(): ChainIndex {
  return {
    ...createKeys(),
    sources: createSources(),
    held: createHeld(),
    counted: createCounted(),
    restoring: new Map(),
  };
}

/** Kinds whose value is the local id of events that have nothing stronger. */
const NAMING: ReadonlySet<JoinKind> = new Set(['txn', 'trace', 'jti', 'decision', 'session']);

/**
 * Assigns an event to its chain and tells every new link. Which events are together does not
 * depend on the order of arrival, short of the limits; which id stands for them does: the oldest.
 */
export function assignChain(
  index: ChainIndex,
  event: AccessEvent,
  { seq, loggedAt }: LogPlace,
  tell: (link: ChainLink) => void,
  keys: EventKeys = new EventKeys(event),
): ChainNode {
  if (index.restoring.size > 0) index.restoring.clear();
  expire(index, loggedAt);
  if (index.counted.queue.size > 0) settleCalls(index, loggedAt, tell);
  let chain: ChainNode | null = null;
  for (const { kind, id, hash } of keys.joining) {
    const known = recall(index, hash);
    if (chain === null) {
      const naming = NAMING.has(kind);
      if (known !== null && naming) {
        chain = known;
        const alias = localIdOf({ kind, id });
        if (known.id !== alias && !isTold(index, alias)) {
          tell({ type: 'joined', chain: known.id, alias, ...shownBy({ kind, id, event }) });
        }
        continue;
      }
      chain = { id: chainIdOf(event), seq, into: null, steps: null };
    }
    if (known === null) learn(index, hash, chain);
    else if (known !== chain) chain = joined(index, chain, known, { kind, id, event }, tell);
  }
  let assigned = chain ?? { id: chainIdOf(event), seq, into: null, steps: null };
  for (const key of declaredKeysOf(event)) {
    assigned = declared(index, assigned, { ...key, event }, tell);
  }
  const waiting = chain === null ? sessionInWaiting(event) : null;
  for (const known of sameCalls(index.counted, event, assigned, { seq, loggedAt }, waiting)) {
    const root = rootOf(known);
    const by = { kind: 'call', id: callKey(event), event } as const;
    if (root !== assigned) assigned = merged(index, assigned, root, shownBy(by), tell);
  }
  return assigned;
}

/**
 * The id of the oldest chain that the keys of this event lead to, its own where none is known. Only
 * a look: the event is assigned to it later, unless a key has come to stand for too many chains.
 */
export function presentChainOf(index: ChainIndex, { event, joining }: EventKeys): string {
  const declaredKeys = declaredKeysOf(event).map(hashed);
  const oldest = oldestOf(index, declaredKeys, oldestOf(index, joining, null));
  return oldest?.id ?? chainIdOf(event);
}

function oldestOf(
  index: ChainIndex,
  keys: readonly HashedKey[],
  oldestSoFar: ChainNode | null,
): ChainNode | null {
  let oldest = oldestSoFar;
  for (const { hash } of keys) {
    const known = look(index, hash);
    if (known !== null && (oldest === null || known.seq < oldest.seq)) oldest = known;
  }
  return oldest;
}

/** A counted id is a key only with its session. */
function callKey({ session, action }: AccessEvent): string {
  return `${session?.id} ${action.toolCallId}`;
}

/** What no trace has claimed is part of its session after all. */
function settleCalls(index: ChainIndex, logTime: EpochMs, tell: (link: ChainLink) => void): void {
  for (const { chain, session, time, eventId } of expiredCalls(index.counted, logTime)) {
    const key = keyOf('session', session);
    const known = recall(index, key);
    const root = rootOf(chain);
    if (known === null) learn(index, key, root);
    else if (known !== root) {
      merged(index, root, known, { time, eventId, by: 'session', key: session }, tell);
    }
  }
}

/** Joins the request that this one is declared to come from, known already or still to come. */
function declared(
  index: ChainIndex,
  chain: ChainNode,
  by: Shown,
  tell: (link: ChainLink) => void,
): ChainNode {
  const { kind, id, event } = by;
  const key = keyOf(kind, id);
  const known = recall(index, key);
  if (known === chain) return chain;
  // What links to ever more requests is a hub of them, whichever of the two came first.
  const local = chainIdOf(event);
  const joins = countJoin(index, `from ${local}`);
  if (joins > LIMITS.chainJoinsPerTrace) {
    const shown = { ...shownBy(by), key: local };
    if (joins === LIMITS.chainJoinsPerTrace + 1) {
      tell({ type: 'shared', chain: chain.id, alias: local, ...shown });
    }
    return chain;
  }
  if (known !== null) return joined(index, chain, known, by, tell);
  learn(index, key, chain);
  return chain;
}

/** Makes one of two chains, unless the key that says so says it of too many. */
function joined(
  index: ChainIndex,
  chain: ChainNode,
  known: ChainNode,
  by: Shown,
  tell: (link: ChainLink) => void,
): ChainNode {
  const { kind, id } = by;
  const joins = countJoin(index, `${kind} ${id}`);
  const limit = SPANNING.has(kind) ? LIMITS.chainJoinsPerTrace : LIMITS.chainJoinsPerKey;
  if (joins > limit) {
    // Told once: from here on every chain with this key stays by itself.
    if (joins === limit + 1) {
      tell({ type: 'shared', chain: known.id, alias: localIdOf(by), ...shownBy(by) });
    }
    return chain;
  }
  return merged(index, chain, known, shownBy(by), tell);
}

function merged(
  index: ChainIndex,
  chain: ChainNode,
  known: ChainNode,
  shown: Omit<ChainLink, 'type' | 'chain' | 'alias'>,
  tell: (link: ChainLink) => void,
): ChainNode {
  const [older, younger] = known.seq <= chain.seq ? [known, chain] : [chain, known];
  younger.into = older;
  if (younger.steps !== null) {
    older.steps = [...(older.steps ?? []), ...younger.steps].sort((a, b) => a.seq - b.seq);
    younger.steps = null;
  }
  if (younger.id !== older.id) {
    isTold(index, younger.id);
    tell({ type: 'joined', chain: older.id, alias: younger.id, ...shown });
  }
  return older;
}

/** What shows that two are one. */
interface Shown extends JoinKey {
  readonly event: AccessEvent;
}

function shownBy({ kind, id, event }: Shown): Omit<ChainLink, 'type' | 'chain' | 'alias'> {
  return { time: event.time, eventId: event.id, by: kind, key: id };
}

/** Made to run through many agents and their traces. */
const SPANNING: ReadonlySet<JoinKind> = new Set(['txn', 'trace', 'task']);
