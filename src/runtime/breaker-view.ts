import { classOf, type Transition } from '../core/breaker.ts';
import { SYSTEM_TENANT } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { strictest } from '../engine/breaker/check.ts';
import type { Match } from '../engine/breaker/match-index.ts';
import { usualPerMin } from '../engine/breaker-timers.ts';
import { riskScore } from '../engine/risk.ts';
import type { Shard } from '../engine/shard.ts';
import type { TenantState } from '../engine/tenant-state.ts';
import type {
  BreakerRecord,
  BreakerView,
  CheckAnswer,
  CheckRequest,
  FeedDelta,
  FeedSnapshot,
  RevokedBefore,
} from '../ports/breakers.ts';
import type { Redactor } from '../ports/redactor.ts';
import type { FeedReaders } from './feed-readers.ts';
import type { Partition } from './partition.ts';
import { redactedQuestion } from './redacted-orders.ts';

/** Live breaker state straight from the shard; the store is never asked. */
export function createBreakerView(
  partition: Partition,
  redactor: Redactor,
  readers: FeedReaders,
): BreakerView {
  const { shard } = partition;
  const listeners = new Set<(delta: FeedDelta) => void>();
  partition.onCommitted(({ effects }) => {
    for (const effect of effects) {
      if (effect.kind !== 'transition') continue;
      const delta = { term: shard.term, transition: effect.decision };
      for (const listener of listeners) listener(delta);
    }
  });
  return {
    get term() {
      return shard.term;
    },
    snapshot: (tenant) => feedSnapshot(shard, tenant),
    since: (tenant, seq) => since(shard, tenant, seq),
    check(request) {
      const question = redactedQuestion(redactor, request);
      const answer = check(shard, question);
      if (IDS.every((name) => question[name] === request[name])) return answer;
      // A breaker from before addresses in ids became tokens has the plain id on record.
      const before = check(shard, request);
      return isStricter(before, answer) ? before : answer;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    join: (tenant, broker) => readers.join(tenant, broker),
  };
}

/** In shadow only what a person holds is in force, at whatever level. */
function isStricter(one: CheckAnswer, other: CheckAnswer): boolean {
  const isHeld = ({ posture, class: by }: CheckAnswer) => posture !== 'shadow' || by === 'operator';
  return isHeld(one) === isHeld(other) ? one.level > other.level : isHeld(one);
}

const IDS = ['agent', 'session', 'chain', 'trace', 'jti'] as const;

/** Open breakers of one tenant, and closed ones never: absence means closed. */
export function breakerRecords(shard: Shard, tenant: string): readonly BreakerRecord[] {
  const board = shard.tenants.get(tenant)?.board;
  if (!board) return [];
  const records: BreakerRecord[] = [];
  for (const { key, state, title } of board.entries.values()) {
    if (state.phase !== 'closed') records.push({ key, state, title, term: shard.term });
  }
  return records;
}

function feedSnapshot(shard: Shard, tenant: string): FeedSnapshot {
  const state = shard.tenants.get(tenant);
  return {
    tenant,
    term: shard.term,
    seq: state?.board.feedSeq ?? shard.erased.get(tenant) ?? 0,
    posture: state?.posture ?? shard.initialPosture,
    breakers: breakerRecords(shard, tenant),
    revokedBefore: revokedAgents(shard, tenant),
  };
}

/** Those whose tokens from before may still be about. */
function revokedAgents(shard: Shard, tenant: string): readonly RevokedBefore[] {
  const revoked: RevokedBefore[] = [];
  for (const { key, revokedBefore } of shard.tenants.get(tenant)?.board.entries.values() ?? []) {
    if (revokedBefore === undefined) continue;
    const { epoch, at } = revokedBefore;
    if (shard.logTime - at < LIMITS.revokedBeforeMs) revoked.push({ agent: key.id, epoch });
  }
  return revoked;
}

function since(shard: Shard, tenant: string, seq: number): readonly FeedDelta[] | null {
  const board = shard.tenants.get(tenant)?.board;
  const head = board?.feedSeq ?? shard.erased.get(tenant) ?? 0;
  if (seq > head) return null;
  if (seq === head) return [];
  if (!board) return head === 0 ? [] : null;
  const first: Transition | undefined = board.ring[0];
  if (!first || first.feedSeq > seq + 1) return null;
  return board.ring
    .filter((transition) => transition.feedSeq > seq)
    .map((transition) => ({ term: shard.term, transition }));
}

function check(shard: Shard, request: CheckRequest): CheckAnswer {
  const tenant = shard.tenants.get(request.tenant);
  const system = shard.tenants.get(SYSTEM_TENANT)?.board;
  const posture = tenant?.posture ?? shard.initialPosture;
  const agent = request.agent === undefined ? undefined : tenant?.agents.get(request.agent);
  const common = { posture, ...(agent && { risk: riskScore(agent.risk, shard.logTime) }) };
  const match = strictest(tenant?.board, system, request, posture);
  if (!match) {
    return { allow: true, level: 0, reason: 'closed', key: null, epoch: 0, class: null, ...common };
  }
  const { key, state } = match;
  return {
    allow: state.level < 4,
    level: state.level,
    reason: state.reason,
    key,
    epoch: state.epoch,
    class: classOf(state),
    ...rateOf(tenant, match, shard.logTime),
    ...common,
  };
}

/** Only levels that let something pass have a rate; at level 1 the agent's usual one, and more. */
function rateOf(
  tenant: TenantState | undefined,
  { key, state }: Match,
  logTime: EpochMs,
): { readonly ratePerMin?: number } {
  if (state.phase === 'probation') {
    return state.ratePerMin === null ? {} : { ratePerMin: state.ratePerMin };
  }
  const usual = tenant && state.level === 1 ? usualPerMin(tenant, key, logTime) : null;
  return usual === null ? {} : { ratePerMin: Math.max(1, usual * LIMITS.throttleFactor) };
}
