import {
  type BreakerKey,
  type BreakerState,
  classOf,
  endsAt,
  LEVEL_NAMES,
  type Transition,
} from '../../core/breaker.ts';
import { REVOKING_LEVEL } from '../../core/revocation.ts';
import type { EpochMs } from '../../core/time.ts';
import type {
  BreakerRecord,
  FeedDelta,
  FeedSnapshot,
  RevokedBefore,
} from '../../ports/breakers.ts';
import { createOpenSetHash, type OpenBreaker } from './open-set-hash.ts';

/** Bodies and frames of the feed, as sent; docs/feed.md describes every member. */
export interface SnapshotBody {
  readonly v: 1;
  readonly tenant: string;
  readonly term: number;
  readonly seq: number;
  readonly posture: 'shadow' | 'enforce';
  readonly open: number;
  readonly hash: string;
  readonly breakers: readonly Readonly<Record<string, unknown>>[];
  readonly revoked_before: readonly RevokedBefore[];
}

export function snapshotBody(snapshot: FeedSnapshot): SnapshotBody {
  const hash = createOpenSetHash(snapshot.breakers.map(openBreakerOf));
  return {
    v: 1,
    tenant: snapshot.tenant,
    term: snapshot.term,
    seq: snapshot.seq,
    posture: snapshot.posture,
    open: hash.open,
    hash: hash.hex(),
    breakers: snapshot.breakers
      .filter((record) => record.state.phase !== 'closed')
      .map(breakerBody),
    revoked_before: snapshot.revokedBefore ?? [],
  };
}

/** The part of a record that the open-set hash covers. */
export function openBreakerOf(record: BreakerRecord): OpenBreaker {
  const { key, state } = record;
  const level = state.phase === 'closed' ? 0 : state.level;
  return { key, phase: state.phase, level, epoch: state.epoch };
}

export function snapshotFrame(snapshot: FeedSnapshot): Buffer {
  return frame('snapshot', snapshotBody(snapshot), `${snapshot.term}:${snapshot.seq}`);
}

export function transitionFrame(delta: FeedDelta): Buffer {
  return frame('transition', transitionBody(delta), `${delta.term}:${delta.transition.feedSeq}`);
}

export function transitionBody(delta: FeedDelta): Readonly<Record<string, unknown>> {
  const { term, transition } = delta;
  return {
    v: 1,
    tenant: transition.key.tenant,
    term,
    seq: transition.feedSeq,
    time: isoTime(transition.time),
    key: keyBody(transition.key),
    from: transition.from,
    phase: transition.to,
    level: transition.level,
    level_name: LEVEL_NAMES[transition.level],
    epoch: transition.epoch,
    ...(revokes(transition) && { revoke_before_epoch: transition.epoch }),
    reason: transition.reason,
    class: transition.class,
    finding_id: transition.findingId,
    ...(transition.probation && {
      step: transition.probation.step,
      rate_per_min: transition.probation.ratePerMin,
    }),
    ...(transition.until !== undefined && {
      until: isoTime(transition.until),
      by: transition.actor,
    }),
    ...(delta.unresolvable && { unresolvable: true }),
  };
}

/** Whether the tokens that the agent was issued before are dead, whatever comes after. */
function revokes({ key, to, level }: Transition): boolean {
  return key.kind === 'agent' && (to === 'open' || to === 'isolated') && level >= REVOKING_LEVEL;
}

export interface HeartbeatBody {
  readonly v: 1;
  readonly term: number;
  readonly seq: number;
  readonly posture: 'shadow' | 'enforce';
  readonly open: number;
  readonly hash: string;
  readonly t: EpochMs;
}

export function heartbeatBody(beat: Omit<HeartbeatBody, 'v'>): HeartbeatBody {
  return { v: 1, ...beat };
}

export function heartbeatFrame(beat: HeartbeatBody): Buffer {
  return frame('heartbeat', beat);
}

/** Asks whoever reads to say that it hears. */
export function drillFrame(body: { readonly tenant: string; readonly drill: string }): Buffer {
  return frame('drill', { v: 1, ...body });
}

/** Several transitions, under one signature. */
export function deltaFrame(
  jws: string,
  { term, seq }: { readonly term: number; readonly seq: number },
): Buffer {
  return Buffer.from(`id: ${term}:${seq}\nevent: delta\ndata: ${jws}\n\n`);
}

/** A message whose data is a compact JWS. */
export function signedFrame(
  event: 'snapshot' | 'heartbeat' | 'drill',
  jws: string,
  position?: { readonly term: number; readonly seq: number },
): Buffer {
  const id = position === undefined ? '' : `id: ${position.term}:${position.seq}\n`;
  return Buffer.from(`${id}event: ${event}\ndata: ${jws}\n\n`);
}

/** Tells the subscriber to forget its position; a snapshot follows at once. */
export function resyncFrame(why: 'term' | 'position' | 'gap'): Buffer {
  return frame('resync', { v: 1, why });
}

function breakerBody(record: BreakerRecord): Readonly<Record<string, unknown>> {
  const { key, state, term, title } = record;
  const level = state.phase === 'closed' ? 0 : state.level;
  return {
    key: keyBody(key),
    phase: state.phase,
    level,
    level_name: LEVEL_NAMES[level],
    term,
    epoch: state.epoch,
    reason: state.phase === 'closed' ? null : state.reason,
    title,
    class: classOf(state),
    opened_at: state.phase === 'closed' ? null : isoTime(state.openedAt),
    closes_at: timeOrNull(endsAt(state)),
    finding_id: 'findingId' in state ? state.findingId : null,
    ...phaseBody(state),
    ...(record.unresolvable && { unresolvable: true }),
  };
}

/** What only probation and exemptions have. */
function phaseBody(state: BreakerState): Readonly<Record<string, unknown>> {
  if (state.phase === 'probation') return { step: state.step, rate_per_min: state.ratePerMin };
  return state.phase === 'exempt' ? { until: isoTime(state.until), by: state.by } : {};
}

function keyBody(key: BreakerKey): Readonly<Record<string, string>> {
  const { tenant, kind, id, agent } = key;
  return { tenant, kind, id, ...(agent === undefined ? {} : { agent }) };
}

function isoTime(time: EpochMs): string {
  return new Date(time).toISOString();
}

function timeOrNull(time: EpochMs | null): string | null {
  return time === null ? null : isoTime(time);
}

function frame(event: string, body: unknown, id?: string): Buffer {
  const head = id === undefined ? '' : `id: ${id}\n`;
  return Buffer.from(`${head}event: ${event}\ndata: ${JSON.stringify(body)}\n\n`);
}
