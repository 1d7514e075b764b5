import type { AccessEvent } from '../core/access-event.ts';
import {
  type BreakerKey,
  type BreakerLevel,
  type BreakerState,
  breakerKeyText,
  classOf,
  type Transition,
} from '../core/breaker.ts';
import { REVOKING_LEVEL } from '../core/revocation.ts';
import type { EpochMs } from '../core/time.ts';
import { type BoardEntry, hasRoomFor, isExempt, levelOf, put, stateOf } from './breaker/board.ts';
import {
  chainsDelegatedBy,
  type DelegationLink,
  isParent,
  noteDelegation,
} from './breaker/delegations.ts';
import { type Cause, closeBreaker, openBreaker } from './breaker/moves.ts';
import { matchesGlob } from './detect/glob.ts';
import { grantOf } from './grants.ts';
import type { TenantState } from './tenant-state.ts';

/** Tells a transition with what it revokes. */
type Tell = (transition: Transition, title: string | null) => void;

/** Detectors name themselves as the reason; this is what hangs on the breaker of a parent. */
const CASCADE = 'cascade';
const ENDED = { class: 'timer', reason: 'cascade_ended', actor: null } as const;
const STEP_UP: BreakerLevel = 2;

/**
 * Lets what hangs on an agent or session follow its breaker: while that stops the work of a parent,
 * the live chains in which it delegated are held, and let go when it lets go. Chains hang on no
 * more than one breaker, and nothing hangs on a chain, so it ends here.
 */
export function cascade(
  tenant: TenantState,
  { key, time, eventId }: Transition,
  logTime: EpochMs,
  tell: Tell,
): void {
  if (key.kind !== 'agent' && key.kind !== 'session') return;
  const state = stateOf(tenant.board, key);
  const { phase } = state;
  const cause = { time, eventId, logTime };
  if (isHolding(state)) {
    for (const chain of chainsDelegatedBy(tenant.delegations, key, logTime)) {
      hold(tenant, chain, { key, state }, cause, tell);
    }
  } else if (phase !== 'open') letGo(tenant, key, cause, tell);
}

/** Notes who works for whom; what is delegated by one who is held is held at once. */
export function foldDelegation(
  tenant: TenantState,
  event: AccessEvent,
  logTime: EpochMs,
  tell: Tell,
): void {
  const latestSession = (agent: string): string | null => {
    const live = tenant.agents.get(agent)?.live.filter(({ kind }) => kind === 'session') ?? [];
    const shared = live.some(({ id }) => id === event.session?.id);
    return (shared ? event.session?.id : live.at(-1)?.id) ?? null;
  };
  const chain = noteDelegation(tenant.delegations, event, logTime, latestSession);
  if (chain === null) return;
  const parent = holderOf(tenant, chain);
  const cause = { time: event.time, eventId: event.id, logTime };
  if (parent !== null) hold(tenant, chain, parent, cause, tell);
}

type Holding = Extract<BreakerState, { readonly phase: 'open' | 'isolated' }>;

interface Parent {
  readonly key: BreakerKey;
  readonly state: Holding;
}

/** What was taken back at the end of a task is no suspicion of anybody. */
function isHolding(state: BreakerState): state is Holding {
  if (state.phase !== 'open' && state.phase !== 'isolated') return false;
  return state.level >= REVOKING_LEVEL && classOf(state) !== 'lifecycle';
}

function hold(tenant: TenantState, chain: string, parent: Parent, cause: Cause, tell: Tell): void {
  const { board } = tenant;
  const key: BreakerKey = { tenant: tenant.tenant, kind: 'chain', id: chain };
  const by = classOf(parent.state);
  if (by === null || by === 'timer' || isExempt(board, key) || !hasRoomFor(board, key)) return;
  const children = childrenOf(tenant, chain, parent.key);
  const level = by !== 'operator' && children.some((id) => isProtected(tenant, id)) ? STEP_UP : 4;
  if (children.length === 0 || levelOf(stateOf(board, key)) >= level) return;
  const title = `Delegated by ${parent.key.kind} ${parent.key.id}, which is held`;
  const opening = {
    ...({ level, reason: CASCADE, class: by, actor: null } as const),
    findingId: parent.state.phase === 'open' ? parent.state.findingId : null,
    cascadeOf: breakerKeyText(parent.key),
  };
  const transition = openBreaker(board, key, opening, title, cause);
  if (transition) tell(transition, title);
}

/** Those of a chain that work for the subject of a breaker, but for whom a person exempted. */
function childrenOf(tenant: TenantState, chain: string, key: BreakerKey): readonly string[] {
  return linksOf(tenant, chain)
    .filter((link) => isParent(key, link))
    .map(({ child }) => child)
    .filter((id) => !isExempt(tenant.board, { tenant: tenant.tenant, kind: 'agent', id }));
}

function linksOf({ delegations }: TenantState, chain: string): readonly DelegationLink[] {
  return delegations.get(chain)?.links ?? [];
}

/** A breaker that holds somebody who delegated in the chain; null where there is none. */
function holderOf({ tenant, ...state }: TenantState, chain: string): Parent | null {
  for (const { parent, parentSession } of state.delegations.get(chain)?.links ?? []) {
    const keys: readonly BreakerKey[] = [
      { tenant, kind: 'agent', id: parent },
      ...(parentSession === null
        ? []
        : [{ tenant, kind: 'session', id: parentSession, agent: parent } as const]),
    ];
    for (const key of keys) {
      const held = stateOf(state.board, key);
      if (isHolding(held)) return { key, state: held };
    }
  }
  return null;
}

/** Closes what hangs on a breaker, unless another parent in the same chain is held. */
function letGo(tenant: TenantState, parent: BreakerKey, cause: Cause, tell: Tell): void {
  const { board } = tenant;
  for (const text of [...(board.cascades.get(breakerKeyText(parent)) ?? [])]) {
    const entry: BoardEntry | undefined = board.entries.get(text);
    if (entry?.state.phase !== 'open') continue;
    const other = holderOf(tenant, entry.key.id);
    if (other !== null) {
      put(board, { ...entry, state: { ...entry.state, cascadeOf: breakerKeyText(other.key) } });
      continue;
    }
    const transition = closeBreaker(board, entry.key, ENDED, cause);
    if (transition) tell(transition, null);
  }
}

function isProtected(tenant: TenantState, agent: string): boolean {
  if (grantOf(tenant.grants, agent)?.protected === true) return true;
  const globs = tenant.config.breakers?.protectedAgents ?? [];
  return globs.some((glob) => matchesGlob(glob, agent));
}
