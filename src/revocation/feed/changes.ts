import { LIMITS } from '../../core/limits.ts';
import type { RevokedBefore } from '../../ports/breakers.ts';
import type { Channel, FeedPosition } from './channel.ts';
import { type HeartbeatBody, snapshotBody, transitionBody } from './frames.ts';

/** What `GET /v1/breakers/changes` answers: a heartbeat, and what led there. */
export interface ChangesBody extends HeartbeatBody {
  readonly tenant: string;
  /** Since the position; absent where `breakers` is there. */
  readonly transitions?: readonly Readonly<Record<string, unknown>>[];
  /** Everything not closed, where the position cannot be resumed or none was named. */
  readonly breakers?: readonly Readonly<Record<string, unknown>>[];
  /** With `breakers`: agents whose tokens from before an epoch are dead. */
  readonly revoked_before?: readonly RevokedBefore[];
  /** A drill that waits for the word of whoever reads this. */
  readonly drill?: string;
  /** Why there is no resuming. */
  readonly resync?: 'start' | 'position';
}

export function changesSince(
  channel: Channel,
  position: FeedPosition | null,
  nowMs: number,
): ChangesBody {
  const isDrill = channel.drill !== null && nowMs - channel.drill.atMs < LIMITS.drillTimeoutMs;
  const drill = isDrill && channel.drill !== null ? { drill: channel.drill.id } : {};
  const { tenant, view } = channel;
  const deltas = position === null ? null : channel.since(position);
  if (deltas !== null) {
    return { ...channel.heartbeat(), tenant, ...drill, transitions: deltas.map(transitionBody) };
  }
  const snapshot = view.snapshot(tenant);
  if (snapshot.seq !== channel.seq || snapshot.term !== channel.term) channel.reseed(snapshot);
  const { breakers, revoked_before } = snapshotBody(snapshot);
  const resync = position === null ? 'start' : 'position';
  return { ...channel.heartbeat(), tenant, ...drill, breakers, revoked_before, resync };
}
