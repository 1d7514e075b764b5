import type { BreakerKey } from '../core/breaker.ts';
import {
  type AckEntry,
  type Command,
  type CommandEntry,
  type ConfigEntry,
  type Effect,
  type FoldedEntry,
  type GrantEntry,
  type InputEntry,
  SYSTEM_TENANT,
  type TickEntry,
  UNKNOWN_TENANT,
} from '../core/entry.ts';
import { assertNever } from '../core/errors.ts';
import { EMPTY_GRANTS } from '../core/grant.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { takeBaselineOrder } from './baseline-orders.ts';
import { acknowledge, nextMoveAt, stateOf } from './breaker/board.ts';
import { noteOrder } from './breaker/orders.ts';
import { stormEndsAt } from './breaker/storm.ts';
import { keepThroughShadow, takeBreakerOrder } from './breaker-orders.ts';
import { forgetFindings, tickBreakers } from './breaker-timers.ts';
import { Effects } from './effects.ts';
import { takeFeedback } from './feedback.ts';
import { foldInput } from './fold-input.ts';
import { expireGrants, nextExpiryAt, withdrawGrants } from './lifecycle.ts';
import { entryFailed, errorClassOf, tellHourly, tenantFlood } from './notices.ts';
import { checkQuiet } from './quiet.ts';
import type { Registry } from './registry.ts';
import { takeReview } from './reviews.ts';
import { dismissRisk } from './risk.ts';
import { withRules } from './rules/rule-registry.ts';
import { setAsideAsSlow } from './set-aside.ts';
import { settleTenant } from './settle.ts';
import { checkSources } from './source/watch.ts';
import { tickStorm } from './storms.ts';
import { takeStream } from './streams.ts';
import { type Cut, createTenant, type TenantState, takeGrants } from './tenant-state.ts';
import { renamed } from './token-aliases.ts';

export interface ShardOptions {
  readonly registry: Registry;
  /** Posture of a tenant never seen before: `shadow` for serve, `enforce` for demo and replay. */
  readonly initialPosture: 'shadow' | 'enforce';
}

/**
 * The pure fold over one partition's log. The same entries give the same effects, always: no clock,
 * no random, no I/O. Everything it knows is in `tenants`, `erased`, `term`, `logTime` and `seq`.
 */
export class Shard {
  readonly registry: Registry;
  readonly initialPosture: 'shadow' | 'enforce';
  readonly tenants: Map<string, TenantState> = new Map();
  /** Fencing term of the present writer. */
  term = 0;
  /** Time of the last entry folded. */
  logTime: EpochMs = 0;
  /** Sequence of the last entry folded. */
  seq = 0;
  /** Tenants that were erased, with the sequence of that order; see `#erase`. */
  readonly erased: Map<string, number> = new Map();
  /** The snapshot being taken, if any; no part of the state. */
  cut: Cut | null = null;
  /** Effects of the present batch whose orders are noted. */
  #noted = 0;

  constructor(options: ShardOptions) {
    this.registry = options.registry;
    this.initialPosture = options.initialPosture;
  }

  /** Folds entries in order and returns what was decided, in order. */
  apply(batch: readonly FoldedEntry[]): readonly Effect[] {
    const effects = new Effects();
    this.#noted = 0;
    for (const entry of batch) {
      effects.begin(entry.seq, entry.loggedAt);
      this.logTime = Math.max(this.logTime, entry.loggedAt);
      this.seq = entry.seq;
      try {
        this.#fold(entry, effects);
      } catch (error) {
        // As deterministic as the fold: the same entry fails in the same place on every replay.
        this.#fail(entry, error, effects);
      }
      this.#note(effects);
    }
    return effects.list;
  }

  /** Log time of the next thing that happens by itself; null when nothing will. */
  nextTimerAt(): EpochMs | null {
    let next: EpochMs | null = null;
    for (const tenant of this.tenants.values()) {
      const settleAt = tenant.chains.held.settleAt;
      const timers = [nextMoveAt(tenant.board), tenant.sources.nextAt, settleAt];
      for (const at of [...timers, stormEndsAt(tenant.storm), nextExpiryAt(tenant)]) {
        if (at !== null && (next === null || at < next)) next = at;
      }
    }
    return next;
  }

  /**
   * The state of a tenant, created at first mention with what holds for any tenant. Beyond
   * `LIMITS.tenants` it is that of the unknown tenants; those that people's orders name have a few
   * more places.
   */
  tenant(id: string, by: 'event' | 'order' = 'event'): TenantState {
    const known = this.tenants.get(id);
    if (known) return known;
    const most = LIMITS.tenants + (by === 'order' ? LIMITS.tenantsForPeople : 0);
    const isOurs = id === UNKNOWN_TENANT || id === SYSTEM_TENANT;
    if (!isOurs && this.tenants.size >= most) return this.tenant(UNKNOWN_TENANT);
    const posture = id === UNKNOWN_TENANT ? 'shadow' : this.initialPosture;
    const system = this.tenants.get(SYSTEM_TENANT);
    const created = createTenant(id, posture, {
      config: system?.config ?? { detectors: {} },
      grants: system?.grants ?? EMPTY_GRANTS,
    });
    created.board.feedSeq = this.erased.get(id) ?? 0;
    created.board.epochFloor = created.board.feedSeq;
    this.tenants.set(id, created);
    return created;
  }

  /** Log time at which this epoch of a breaker opened; null when it has moved on since. */
  openedAt(key: BreakerKey, epoch: number): EpochMs | null {
    const board = this.tenants.get(key.tenant)?.board;
    const state = board ? stateOf(board, key) : null;
    if (state === null || state.phase === 'closed' || state.epoch !== epoch) return null;
    return state.openedAt;
  }

  #fold(entry: FoldedEntry, effects: Effects): void {
    switch (entry.kind) {
      case 'input':
        this.#input(entry, effects);
        return;
      case 'tick':
        this.#tick(entry, effects);
        return;
      case 'config':
        this.#configure(entry);
        return;
      case 'grant':
        this.#grant(entry, effects);
        return;
      case 'command':
        this.#command(entry, effects);
        return;
      case 'ack':
        this.#acknowledge(entry);
        return;
      case 'delivery':
        return;
      default:
        assertNever(entry);
    }
  }

  #input(entry: InputEntry, effects: Effects): void {
    const tenant = this.tenant(entry.tenant);
    if (tenant.tenant !== entry.tenant) {
      tenant.unjudged.tenants += 1;
      tellHourly(tenant, '', entry, tenantFlood(), effects);
    }
    foldInput(this.registry, tenant, entry, this.term, effects);
  }

  /** Keeps what enforcement points are to be told of what the last entry decided. */
  #note({ list }: Effects): void {
    for (; this.#noted < list.length; this.#noted += 1) {
      const effect = list[this.#noted];
      const board = effect && this.tenants.get(effect.tenant)?.board;
      if (board) noteOrder(board, effect, this.term);
    }
  }

  /** What the entry had decided before it failed stands; the next entry is folded as ever. */
  #fail(entry: FoldedEntry, error: unknown, effects: Effects): void {
    const tenant = this.tenant(entry.tenant);
    tenant.unjudged.entry += 1;
    if (entry.kind !== 'input') return;
    const errorClass = errorClassOf(error);
    tellHourly(tenant, errorClass, entry, entryFailed(errorClass), effects);
  }

  #tick(entry: TickEntry, effects: Effects): void {
    for (const tenant of this.tenants.values()) {
      checkSources(tenant, entry.loggedAt, effects);
      checkQuiet(this.registry, tenant, entry.loggedAt, effects);
      settleTenant(this.registry, tenant, entry.loggedAt, this.term, effects);
      tickBreakers(tenant, entry.loggedAt, this.term, effects);
      tickStorm(tenant, entry.loggedAt, effects);
      expireGrants(tenant, { logTime: entry.loggedAt, term: this.term, effects });
    }
  }

  #configure({ tenant: id, body, seq }: ConfigEntry): void {
    if (!('type' in body)) {
      const tenant = this.#ordered(id);
      if (!tenant) return;
      tenant.config = body;
      forgetRules(withRules(this.registry, body), tenant);
      tenant.failures.clear();
      tenant.slow.clear();
    } else if (body.type === 'term') this.term = Math.max(this.term, body.term);
    else if (body.type === 'stream') {
      const tenant = this.#ordered(id);
      if (tenant) takeStream(tenant.streams, body, seq);
    } else setAsideAsSlow(this.tenant(id), { id: body.detector, version: body.version });
  }

  /** The tenant an order names; null when there is no room for it, for an order has no bucket. */
  #ordered(id: string): TenantState | null {
    const tenant = this.tenant(id, 'order');
    return tenant.tenant === id ? tenant : null;
  }

  #grant(entry: GrantEntry, effects: Effects): void {
    const tenant = this.#ordered(entry.tenant);
    if (!tenant) return;
    const { grants } = tenant;
    takeGrants(tenant, entry.body);
    withdrawGrants(tenant, grants, { logTime: entry.loggedAt, term: this.term, effects });
  }

  #acknowledge(entry: AckEntry): void {
    const { key, epoch, receiver, others = [], term } = entry.body;
    const board = this.tenants.get(entry.tenant)?.board;
    if (!board || term > this.term) return;
    acknowledge(board, key, epoch, [receiver, ...others], entry.loggedAt);
  }

  /**
   * A tenant of this name that comes back begins anew. Its epochs and the numbers of its feed go on
   * from the sequence, which neither can have passed: each has an entry of its own.
   */
  #erase(tenant: string, seq: number): void {
    this.cut?.forget(tenant);
    this.tenants.delete(tenant);
    this.erased.delete(tenant);
    this.erased.set(tenant, seq);
    if (this.erased.size <= LIMITS.erasedTenants) return;
    for (const [oldest] of this.erased) {
      this.erased.delete(oldest);
      return;
    }
  }

  #command(entry: CommandEntry, effects: Effects): void {
    const tenant = this.#ordered(entry.tenant);
    if (!tenant) return;
    const command = renamed(tenant.aliases, entry.body) as Command;
    const { seq, loggedAt: logTime } = entry;
    const place = { tenant, seq, logTime, term: this.term, effects };
    switch (command.type) {
      case 'enforce':
      case 'shadow':
        if (entry.tenant === UNKNOWN_TENANT) return;
        if (command.type === 'shadow') keepThroughShadow(place, command);
        tenant.posture = command.type;
        tenant.wouldHaveTripped = 0;
        for (const agent of tenant.agents.values()) forgetFindings(tenant, agent);
        return;
      case 'trip':
      case 'reset':
      case 'release':
      case 'exempt':
      case 'break_glass':
      case 'approval_request':
      case 'approval_decide':
      case 'storm_end': {
        takeBreakerOrder(place, command);
        return;
      }
      case 'drill':
        return;
      case 'erase_tenant':
        if (entry.tenant === SYSTEM_TENANT) this.#erase(command.erased, entry.seq);
        return;
      case 'feedback':
        takeFeedback(tenant.feedback, command, entry.loggedAt);
        weighAgain(tenant, command);
        return;
      case 'baseline_reset':
      case 'baseline_merge': {
        const registry = withRules(this.registry, tenant.config);
        takeBaselineOrder({ registry, tenant, logTime: entry.loggedAt, effects }, command);
        return;
      }
      case 'review_open':
      case 'review_decide':
        takeReview(tenant.reviews, { ...entry, body: command });
        return;
      default:
        assertNever(command);
    }
  }
}

/** What rules remembered that the new configuration no longer has. */
function forgetRules({ detectors }: Registry, tenant: TenantState): void {
  const known = new Set(detectors.map(({ id }) => id));
  const isGone = (id: string): boolean => !known.has(id);
  for (const id of Object.keys(tenant.detectors).filter(isGone)) delete tenant.detectors[id];
  const gone = tenant.places.sorted.filter(([id]) => isGone(id)).map(([, place]) => place);
  if (gone.length === 0) return;
  // Before their places are given away, since a snapshot still tells of them.
  for (const agent of tenant.agents.values()) {
    if (!agent.memory.holds(gone)) continue;
    tenant.cut?.keep(agent);
    agent.memory.forget(gone);
  }
  tenant.places.forget(isGone);
  tenant.dispatches.clear();
}

/** What a person calls false or agreed to raises no risk, until somebody says otherwise. */
function weighAgain(tenant: TenantState, said: Extract<Command, { type: 'feedback' }>): void {
  if (said.verdict === 'missed') return;
  for (const agent of tenant.agents.values()) {
    if (!agent.risk.some(({ finding }) => finding === said.finding)) continue;
    tenant.cut?.keep(agent);
    dismissRisk(agent.risk, said.finding, said.verdict !== 'true');
    return;
  }
}
