import type { AccessEvent } from '../core/access-event.ts';
import { type BreakerKey, breakerKeyText, NO_GLOBAL_STOP } from '../core/breaker.ts';
import { type Command, type Effect, SYSTEM_TENANT } from '../core/entry.ts';
import { TripcoilError } from '../core/errors.ts';
import type { EpochMs } from '../core/time.ts';
import { stateOf } from '../engine/breaker/board.ts';
import { mayBreakGlass, takesTwoPersons } from '../engine/breaker-orders.ts';
import type { Shard } from '../engine/shard.ts';
import type { TenantState } from '../engine/tenant-state.ts';
import type { BreakerView, CheckAnswer } from '../ports/breakers.ts';
import type { Clock } from '../ports/clock.ts';
import type { Acknowledgement, Control } from '../ports/control.ts';
import type { Redactor } from '../ports/redactor.ts';
import type { TokenVerifier } from '../ports/token-verifier.ts';
import { attribute } from './attribution.ts';
import { refuseBaselineOrder } from './baseline-orders.ts';
import { clockSkew } from './clock-skew.ts';
import type { Unplaced } from './entries.ts';
import type { Partition } from './partition.ts';
import { readToken } from './presented-token.ts';
import { keyOnRecord, redactedGrants, redactedKey } from './redacted-orders.ts';

export interface ControlOptions {
  readonly partition: Partition;
  readonly redactor: Redactor;
  readonly view: BreakerView;
  readonly clock: Clock;
  readonly verifier?: TokenVerifier;
}

/** Level answered for a proposal that a deterministic detector objects to. */
const REFUSED_PROPOSAL_LEVEL = 3;

/** Orders of people and brokers; each is in the ledger before it takes effect. */
export function createControl(options: ControlOptions): Control {
  const { partition, redactor, view, clock, verifier } = options;
  const { shard } = partition;
  const onRecord = keysOnRecord(redactor, shard);
  return {
    async command(named, given) {
      const redacted = redactedCommand(redactor, named, given, onRecord);
      redactor.flush?.();
      const { tenant, command } = addressed(named, redacted);
      refuseUndelivered(command);
      refuseStale(tenant, command);
      refuseAlone(shard, tenant, command, clock.now());
      refuseBaselineOrder(shard, tenant, command, clock.now());
      const effects = await partition.decide([{ kind: 'command', tenant, body: command }]);
      refuseOutrun(shard, tenant, command, effects);
      return 'key' in command ? command.key : null;
    },
    recordedKey: (key) => addressedKey(onRecord(key)),
    async replaceGrants(tenant, grants) {
      const body = redactedGrants(redactor, tenant, grants);
      await partition.decide([{ kind: 'grant', tenant, body }]);
    },
    async acknowledge(...words) {
      await partition.decide(words.flatMap((word) => current(shard, onRecord, word)));
    },
    async propose(sender, received) {
      const token = verifier ? await readToken(verifier, received, sender) : null;
      const event = attribute(received, sender, 0, false, token);
      if ('code' in event) throw new TripcoilError('forbidden', event.message);
      const proposed = { ...event, phase: 'proposed' } as const;
      const skew = clockSkew(proposed, 0, clock.now());
      if (skew) throw new TripcoilError('bad_request', `\`${skew.path}\`: ${skew.message}`);
      const redacted = redactor.redact(proposed);
      const [body = redacted] = (await redactor.complete?.([redacted])) ?? [];
      redactor.flush?.();
      const input: Unplaced = { kind: 'input', tenant: event.tenant.id, body };
      const effects = await partition.decide([input]);
      const answer = checkEvent(view, body);
      if (!answer.allow) return answer;
      const objection = effects.find(
        (effect) => effect.kind === 'finding' && effect.decision.family === 'deterministic',
      );
      if (objection?.kind !== 'finding') return answer;
      const enforced = shard.tenant(event.tenant.id).posture === 'enforce';
      const { detector, mode } = objection.decision;
      if (!enforced || mode !== 'enforce') return answer;
      const level = Math.max(answer.level, REFUSED_PROPOSAL_LEVEL) as CheckAnswer['level'];
      return { ...answer, allow: false, level, reason: detector };
    },
  };

  function refuseStale(tenant: string, command: Command): void {
    if (!BOUND.has(command.type) || !('epoch' in command)) return;
    const entry = shard.tenants.get(tenant)?.board.entries.get(breakerKeyText(command.key));
    const mayBeClosed = command.type === 'approval_request' && command.order === 'exempt';
    if (mayBeClosed && (entry?.state.epoch ?? 0) === command.epoch) return;
    if (!entry || entry.state.phase === 'closed') {
      throw new TripcoilError('not_found', 'no open breaker has this key');
    }
    if (entry.state.epoch !== command.epoch) {
      throw movedOn(entry.state.epoch);
    }
  }
}

/** Orders bound to the epoch that a person saw, and those that move a breaker or say why not. */
const BOUND: ReadonlySet<Command['type']> = new Set(['reset', 'release', 'approval_request']);
const MOVING: ReadonlySet<Command['type']> = new Set(['reset', 'release', 'exempt', 'break_glass']);

/** What takes two persons is refused from one, and from one who approves the own order. */
function refuseAlone(shard: Shard, id: string, command: Command, now: EpochMs): void {
  refuseDecided(shard, id, command);
  const tenant = shard.tenants.get(id);
  if (command.type === 'approval_decide') {
    const approval = tenant?.approvals.get(command.approval);
    if (!approval || approval.expiresAt <= now) {
      throw new TripcoilError('not_found', 'no pending approval has this id; it may have expired');
    }
    if (command.verdict === 'approve' && approval.credential === command.credential) {
      throw new TripcoilError(
        'forbidden',
        'whoever asked cannot approve: it takes a second person',
      );
    }
    const state = tenant && stateOf(tenant.board, approval.key);
    if (command.verdict === 'deny' || state?.epoch === approval.epoch) return;
    throw movedOn(state?.epoch ?? null);
  }
  refuseGlass(tenant, command, now);
  const order = command.type;
  if (order !== 'reset' && order !== 'release' && order !== 'exempt') return;
  if (!tenant || tenant.config.breakers?.singleOperator === true) return;
  const state = stateOf(tenant.board, command.key);
  const forMs = command.type === 'exempt' ? command.forMs : 0;
  if (!takesTwoPersons(state, { order, forMs })) return;
  throw new TripcoilError(
    'approval_required',
    'this takes two persons: ask with `tripcoil breakers approvals request` or ' +
      'POST /v1/breakers/approvals, and let somebody else approve within 15 minutes',
  );
}

function refuseGlass(tenant: TenantState | undefined, command: Command, now: EpochMs): void {
  if (!tenant || command.type !== 'break_glass') return;
  if (mayBreakGlass(tenant.board, command.key, now)) return;
  const message = 'the glass was broken for this a short time ago: an exemption takes two persons';
  throw new TripcoilError('conflict', message);
}

/** Something ahead of an order in the queue may have moved the breaker on. */
function refuseOutrun(
  shard: Shard,
  tenant: string,
  command: Command,
  effects: readonly Effect[],
): void {
  if (effects.length === 0) refuseBaselineOrder(shard, tenant, command, shard.logTime);
  if (MOVING.has(command.type) && effects.length === 0) throw movedOn(null);
  if (command.type === 'approval_request') refuseUnasked(shard, tenant, command.key);
  if (command.type === 'trip') refuseUnheld(shard, tenant, command.key);
}

/** A question that found the breaker moved on was not asked. */
function refuseUnasked(shard: Shard, id: string, key: BreakerKey): void {
  const text = breakerKeyText(key);
  const approvals = shard.tenants.get(id)?.approvals.values() ?? [];
  if (![...approvals].some((approval) => breakerKeyText(approval.key) === text))
    throw movedOn(null);
}

/** A review is decided once; who comes second must hear of the first. */
function refuseDecided(shard: Shard, tenant: string, command: Command): void {
  if (command.type !== 'review_decide') return;
  const review = shard.tenants.get(tenant)?.reviews.get(command.review);
  if (!review) throw new TripcoilError('not_found', 'no review has this id');
  if (review.decided === null) return;
  throw new TripcoilError('conflict', `the review was decided by ${review.decided.by}`);
}

/** A trip that found no place is no trip: the person must hear of it. */
function refuseUnheld(shard: Shard, tenant: string, key: BreakerKey): void {
  const entry = shard.tenants.get(tenant)?.board.entries.get(breakerKeyText(key));
  if (entry && entry.state.phase !== 'closed') return;
  throw new TripcoilError('overloaded', 'too many breakers are open: reset some first');
}

function redactedCommand(
  redactor: Redactor,
  tenant: string,
  command: Command,
  onRecord: (key: BreakerKey) => BreakerKey,
): Command {
  const actor = redactor.redactText(tenant, command.actor);
  const reason = redactor.redactText(tenant, command.reason);
  if (command.type === 'review_open') {
    const { judge } = command.request;
    const words = judge && redactor.redactText(tenant, judge.rationale);
    const request = { ...command.request, judge: judge && { ...judge, rationale: words ?? '' } };
    return { ...command, actor, reason, request };
  }
  if (command.type === 'approval_decide') {
    const credential = redactor.redactText(tenant, command.credential);
    return { ...command, actor, reason, credential };
  }
  if (!('key' in command)) return { ...command, actor, reason };
  const keep = redactor.keepIdentifier?.bind(redactor);
  const key =
    command.type === 'trip' ? redactedKey(redactor, command.key, keep) : onRecord(command.key);
  if (command.type === 'approval_request') {
    const credential = redactor.redactText(tenant, command.credential);
    return { ...command, actor, reason, key, credential };
  }
  if (command.type === 'break_glass') {
    return { ...command, actor, reason, key, ticket: redactor.redactText(tenant, command.ticket) };
  }
  return { ...command, actor, reason, key };
}

function keysOnRecord(redactor: Redactor, shard: Shard): (key: BreakerKey) => BreakerKey {
  return (key) => keyOnRecord(redactor, (each) => isOpen(shard, each), key);
}

function isOpen(shard: Shard, key: BreakerKey): boolean {
  const entry = shard.tenants.get(key.tenant)?.board.entries.get(breakerKeyText(key));
  return entry !== undefined && entry.state.phase !== 'closed';
}

/** There is one global breaker, whatever tenant it is named with. */
function addressed(tenant: string, command: Command): { tenant: string; command: Command } {
  if (!('key' in command) || command.key.kind !== 'global') return { tenant, command };
  return { tenant: SYSTEM_TENANT, command: { ...command, key: addressedKey(command.key) } };
}

function addressedKey(key: BreakerKey): BreakerKey {
  if (key.kind !== 'global') return key;
  return { tenant: SYSTEM_TENANT, kind: 'global', id: 'global' };
}

/** Feeds carry the breakers of one tenant each: brokers would go on through it (docs/adr/0008). */
function refuseUndelivered(command: Command): void {
  if (command.type !== 'trip' || command.key.kind !== 'global') return;
  throw new TripcoilError('bad_request', NO_GLOBAL_STOP);
}

function movedOn(epoch: number | null): TripcoilError {
  const where = epoch === null ? 'has moved on' : `is at epoch ${epoch} now`;
  return new TripcoilError('conflict', `the breaker ${where}; look at it again before resetting`);
}

/**
 * None when the breaker has moved on, or every one of them gave the word before. What was applied
 * before a restart is applied: an epoch is never given twice, whatever the term.
 */
function current(
  shard: Shard,
  onRecord: (key: BreakerKey) => BreakerKey,
  { receiver: first, others: more = [], key: named, term, epoch }: Acknowledgement,
): readonly Unplaced[] {
  const key = onRecord(named);
  const entry = shard.tenants.get(key.tenant)?.board.entries.get(breakerKeyText(key));
  if (entry?.state.epoch !== epoch || term > shard.term) return [];
  const known = new Set(entry.acknowledgedBy);
  const [receiver, ...others] = [...new Set([first, ...more])].filter((name) => !known.has(name));
  if (receiver === undefined) return [];
  const jti = entry.revocation?.jti ?? `feed-${term}-${epoch}`;
  const body = { receiver, ...(others.length > 0 && { others }), jti, key, term, epoch };
  return [{ kind: 'ack', tenant: key.tenant, body }];
}

function checkEvent(view: BreakerView, event: AccessEvent): CheckAnswer {
  const session = event.session?.id;
  const chain = event.token?.txn;
  const trace = event.trace?.traceId;
  const jti = event.token?.jti;
  return view.check({
    tenant: event.tenant.id,
    agent: event.agent.id,
    tool: event.action.name,
    op: event.action.op,
    ...(session === undefined ? {} : { session }),
    ...(chain === undefined ? {} : { chain }),
    ...(trace === undefined ? {} : { trace }),
    ...(jti === undefined ? {} : { jti }),
  });
}
