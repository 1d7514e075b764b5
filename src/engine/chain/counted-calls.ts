import type { AccessEvent } from '../../core/access-event.ts';
import { countedCallOf } from '../../core/chain.ts';
import { LIMITS } from '../../core/limits.ts';
import { sourceIdOf } from '../../core/source-id.ts';
import type { EpochMs } from '../../core/time.ts';
import { type ChainNode, type LogPlace, rootOf } from './chain-node.ts';
import { LogQueue } from './log-queue.ts';

/** One report of a call whose id was counted (`call_1`). */
export interface CountedCall {
  /** Agent, session and call id: equal for all reports of the call, and for later ones like it. */
  readonly key: string;
  readonly seq: number;
  readonly chain: ChainNode;
  readonly time: EpochMs;
  readonly loggedAt: EpochMs;
  readonly eventId: string;
  /** Whether it has a trace, so that others may join it; else it waits for one that has. */
  readonly traced: boolean;
  /** Who told what of this call: the same from the same is another call. */
  told: readonly string[];
  /** The session that it falls to when it has waited in vain; null where it need not. */
  session: string | null;
}

/** The calls of a tenant with counted ids that were told of lately. */
export interface CountedCalls {
  readonly queue: LogQueue<CountedCall>;
  readonly byKey: Map<string, CountedCall[]>;
}

export function createCounted(): CountedCalls {
  return { queue: new LogQueue(), byKey: new Map() };
}

/**
 * The chains that this event shows to be its own by a counted call id: within one agent and session
 * and `latenessMs` of event time, a record without a trace and the nearest with one of which its
 * source has not yet told; two traces never. The event is remembered where others may follow.
 */
export function sameCalls(
  counted: CountedCalls,
  event: AccessEvent,
  chain: ChainNode,
  { seq, loggedAt }: LogPlace,
  session: string | null,
): readonly ChainNode[] {
  const key = countedCallOf(event);
  if (key === null) return NONE;
  const traced = event.trace?.traceId !== undefined;
  const teller = `${event.kind}\n${sourceIdOf(event)}`;
  const near = nearest(counted.byKey.get(key), event.time);
  const { time, id: eventId } = event;
  if (!traced) {
    const free = near.filter(({ told }) => takes(told, teller));
    const other = free.find((call) => call.traced) ?? free[0];
    if (other !== undefined) {
      other.told = [...other.told, teller];
      // Together they have a better place than their session.
      if (session === null) other.session = null;
      return [other.chain];
    }
    const told = [teller];
    remember(counted, { key, seq, chain, time, loggedAt, eventId, traced, told, session });
    return NONE;
  }
  if (near.some((call) => call.traced && rootOf(call.chain) === rootOf(chain))) return NONE;
  const told: string[] = [];
  const joined: ChainNode[] = [];
  for (const call of near) {
    if (call.traced || !call.told.every((each) => takes(told, each))) continue;
    told.push(...call.told);
    joined.push(call.chain);
    forget(counted, call);
  }
  remember(counted, { key, seq, chain, time, loggedAt, eventId, traced, told, session: null });
  return joined;
}

const NONE: readonly ChainNode[] = [];
const NOBODY: readonly CountedCall[] = [];

/** Calls of one key within `latenessMs` of a time, the nearest first. */
function nearest(calls: readonly CountedCall[] | undefined, at: EpochMs): readonly CountedCall[] {
  if (calls === undefined) return NOBODY;
  return calls
    .filter(({ time }) => Math.abs(time - at) <= LIMITS.latenessMs)
    .sort((a, b) => Math.abs(a.time - at) - Math.abs(b.time - at));
}

function takes(told: readonly string[], teller: string): boolean {
  return told.length < LIMITS.chainJoinsPerKey && !told.includes(teller);
}

function remember(counted: CountedCalls, call: CountedCall): void {
  counted.queue.set(call.seq, call);
  const calls = counted.byKey.get(call.key);
  if (calls === undefined) counted.byKey.set(call.key, [call]);
  else calls.push(call);
}

/** Puts a call of a snapshot back. */
export const restoreCall = remember;

function forget(counted: CountedCalls, call: CountedCall): void {
  counted.queue.delete(call.seq);
  const calls = counted.byKey.get(call.key) ?? [];
  const at = calls.indexOf(call);
  if (at >= 0) calls.splice(at, 1);
  if (calls.length === 0) counted.byKey.delete(call.key);
}

/** Forgets calls of long ago and past the limit; gives those that now fall to their session. */
export function* expiredCalls(
  counted: CountedCalls,
  logTime: EpochMs,
): Generator<CountedCall & { readonly session: string }> {
  for (;;) {
    const call = counted.queue.oldest();
    if (call === null) return;
    const full = counted.queue.size >= LIMITS.countedCalls;
    if (call.loggedAt >= logTime - LIMITS.latenessMs && !full) return;
    const { session } = call;
    forget(counted, call);
    if (session !== null) yield { ...call, session };
  }
}

/**
 * Which chains are judged together: those that wait, with their session's own, since they will be
 * one unless a trace claims them. By root; chains that nothing waits beside are left out.
 */
export function waitingBeside(
  counted: CountedCalls,
  sessionChain: (session: string) => ChainNode | null,
): ReadonlyMap<ChainNode, ReadonlySet<ChainNode>> {
  const bySession = new Map<string, Set<ChainNode>>();
  const beside = new Map<ChainNode, Set<ChainNode>>();
  for (const { chain, session } of counted.queue.values()) {
    if (session === null) continue;
    let roots = bySession.get(session);
    if (roots === undefined) {
      const own = sessionChain(session);
      roots = new Set(own === null ? [] : [rootOf(own)]);
      bySession.set(session, roots);
    }
    roots.add(rootOf(chain));
  }
  for (const roots of bySession.values()) for (const root of roots) beside.set(root, roots);
  return beside;
}
