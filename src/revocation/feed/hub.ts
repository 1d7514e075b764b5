import type { ServerResponse } from 'node:http';
import { LIMITS } from '../../core/limits.ts';
import type { BreakerView, FeedDelta, FeedSnapshot } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import {
  heartbeatFrame,
  openBreakerOf,
  resyncFrame,
  snapshotFrame,
  transitionFrame,
} from './frames.ts';
import { createOpenSetHash, type OpenSetHash } from './open-set-hash.ts';

/** A position in one tenant's feed. */
export interface FeedPosition {
  readonly term: number;
  readonly seq: number;
}

interface Subscriber {
  readonly response: ServerResponse;
  /** Tells the view that this broker no longer reads. */
  readonly leave: () => void;
  /** Sequence of the last transition this subscriber holds. */
  seq: number;
  /** Bytes of a snapshot still on their way, which do not count against the buffer. */
  allowanceBytes: number;
  stalledAtMs: number | null;
}

interface Channel {
  /** Whom it is for decides how ids are told. */
  readonly view: BreakerView;
  readonly tenant: string;
  readonly subscribers: Set<Subscriber>;
  term: number;
  seq: number;
  renamings: number;
  hash: OpenSetHash;
  encoded: { readonly posture: string; readonly seq: number; readonly frame: Buffer } | null;
}

interface HubDependencies {
  /** With ids as recorded. */
  readonly view: BreakerView;
  /** With ids as brokers know them. */
  readonly brokerView: BreakerView;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Fans two views out to all subscribers: every frame is encoded once per view and tenant. */
export class FeedHub {
  readonly #views: readonly BreakerView[];
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #channels = new Map<BreakerView, Map<string, Channel>>();
  readonly #stopped = new AbortController();
  readonly #unsubscribe: () => void;
  #subscribers = 0;

  constructor({ view, brokerView, clock, metrics, log }: HubDependencies) {
    this.#views = [...new Set([view, brokerView])];
    this.#clock = clock;
    this.#metrics = metrics;
    this.#log = log;
    const unsubscribes = this.#views.map((each) => {
      const channels = new Map<string, Channel>();
      this.#channels.set(each, channels);
      return each.subscribe((delta) => {
        const channel = channels.get(delta.transition.key.tenant);
        if (channel) this.#publish(channel, delta);
      });
    });
    this.#unsubscribe = () => {
      for (const unsubscribe of unsubscribes) unsubscribe();
    };
    void this.#beatUntilStopped().catch(() => log.error('feed heartbeat stopped'));
  }

  /** Whether another subscriber fits. */
  hasRoom(): boolean {
    return this.#subscribers < LIMITS.feedSubscribers && !this.#stopped.signal.aborted;
  }

  /**
   * Starts a stream on a response whose head is written, of one of the hub's two views; resumes at
   * `position` when it can. View and hub are synchronous, so nothing can slip in between joining
   * and replaying.
   */
  join(
    response: ServerResponse,
    view: BreakerView,
    tenant: string,
    position: FeedPosition | null,
    broker: string,
  ): void {
    const channels = this.#channels.get(view) ?? new Map<string, Channel>();
    const channel = channels.get(tenant) ?? createChannel(view, tenant);
    channels.set(tenant, channel);
    this.#rename(channel);
    const leave = view.join(tenant, broker);
    const one: Subscriber = { response, leave, seq: 0, allowanceBytes: 0, stalledAtMs: null };
    channel.subscribers.add(one);
    this.#subscribers += 1;
    this.#countSubscribers();
    response.on('drain', () => {
      one.allowanceBytes = 0;
    });
    response.on('close', () => this.#leave(channel, one));
    response.on('error', () => this.#leave(channel, one));
    const missed = position === null ? null : deltasSince(channel, position);
    if (missed === null || position === null) {
      this.#sendSnapshot(channel, one, position === null ? undefined : 'position');
    } else {
      one.seq = position.seq + missed.length;
      for (const delta of missed) {
        const frame = transitionFrame(delta);
        one.allowanceBytes += frame.length;
        this.#send(channel, one, frame);
      }
    }
    this.#send(channel, one, this.#beatFrame(channel));
  }

  /** Ends every stream and stops listening. */
  close(): void {
    this.#stopped.abort();
    this.#unsubscribe();
    for (const channel of this.#everyChannel()) {
      for (const { response } of channel.subscribers) {
        if (response.writableNeedDrain) response.destroy();
        else response.end();
      }
    }
  }

  *#everyChannel(): Generator<Channel> {
    for (const channels of this.#channels.values()) yield* channels.values();
  }

  /** After an erasure nobody is told the old name again, and those who hold it are told anew. */
  #rename(channel: Channel): void {
    if (channel.renamings === (channel.view.renamings ?? 0)) return;
    reseed(channel);
    for (const one of channel.subscribers) this.#sendSnapshot(channel, one, 'gap');
  }

  #publish(channel: Channel, delta: FeedDelta): void {
    this.#rename(channel);
    if (delta.term !== channel.term) {
      reseed(channel);
      for (const one of channel.subscribers) this.#sendSnapshot(channel, one, 'term');
      return;
    }
    const { feedSeq, key, to, level, epoch } = delta.transition;
    if (feedSeq === channel.seq + 1) {
      channel.hash.set({ key, phase: to, level, epoch });
      channel.seq = feedSeq;
    } else if (feedSeq > channel.seq) {
      reseed(channel);
    }
    const frame = transitionFrame(delta);
    for (const one of channel.subscribers) {
      if (feedSeq <= one.seq) continue;
      if (feedSeq > one.seq + 1) {
        this.#sendSnapshot(channel, one, 'gap');
        continue;
      }
      one.seq = feedSeq;
      this.#send(channel, one, frame);
    }
  }

  #sendSnapshot(channel: Channel, one: Subscriber, why?: 'term' | 'position' | 'gap'): void {
    const frame = this.#snapshotFrame(channel);
    one.seq = channel.seq;
    one.allowanceBytes += frame.length;
    if (why !== undefined) this.#send(channel, one, resyncFrame(why));
    this.#send(channel, one, frame);
  }

  /** Encoded once per position, so that a thousand subscribers reconnecting share one buffer. */
  #snapshotFrame(channel: Channel): Buffer {
    const snapshot = channel.view.snapshot(channel.tenant);
    const { posture, seq, term } = snapshot;
    const { encoded } = channel;
    const current = encoded?.seq === seq && encoded.posture === posture && channel.term === term;
    if (encoded && current) return encoded.frame;
    reseed(channel, snapshot);
    const frame = snapshotFrame(snapshot);
    channel.encoded = { posture, seq, frame };
    return frame;
  }

  #send(channel: Channel, one: Subscriber, frame: Buffer): void {
    if (one.response.destroyed) return;
    one.response.write(frame);
    if (one.response.writableLength > LIMITS.feedBufferBytes + one.allowanceBytes) {
      this.#cut(channel, one, 'slow');
    }
  }

  #cut(channel: Channel, one: Subscriber, why: 'slow' | 'stalled'): void {
    this.#metrics.count('tripcoil_feed_cuts_total', { why });
    this.#log.warn('feed subscriber cut', { tenant: channel.tenant, why });
    one.response.destroy();
  }

  #leave(channel: Channel, one: Subscriber): void {
    if (!channel.subscribers.delete(one)) return;
    one.leave();
    this.#subscribers -= 1;
    this.#countSubscribers();
    if (channel.subscribers.size > 0) return;
    this.#channels.get(channel.view)?.delete(channel.tenant);
  }

  #countSubscribers(): void {
    this.#metrics.gauge('tripcoil_sse_clients', this.#subscribers, { kind: 'broker' });
  }

  #beat(channel: Channel): void {
    this.#rename(channel);
    const frame = this.#beatFrame(channel);
    const nowMs = this.#clock.monotonicMs();
    for (const one of channel.subscribers) {
      one.stalledAtMs = one.response.writableNeedDrain ? (one.stalledAtMs ?? nowMs) : null;
      if (one.stalledAtMs !== null && nowMs - one.stalledAtMs > LIMITS.feedStallMs) {
        this.#cut(channel, one, 'stalled');
      } else {
        this.#send(channel, one, frame);
      }
    }
  }

  #beatFrame(channel: Channel): Buffer {
    return heartbeatFrame({
      term: channel.term,
      seq: channel.seq,
      posture: channel.view.check({ tenant: channel.tenant }).posture,
      open: channel.hash.open,
      hash: channel.hash.hex(),
      t: this.#clock.now(),
    });
  }

  async #beatUntilStopped(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#clock.sleep(LIMITS.feedHeartbeatMs, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      for (const channel of this.#everyChannel()) this.#beat(channel);
    }
  }
}

function createChannel(view: BreakerView, tenant: string): Channel {
  const snapshot = view.snapshot(tenant);
  const { term, seq } = snapshot;
  const hash = createOpenSetHash(snapshot.breakers.map(openBreakerOf));
  const renamings = view.renamings ?? 0;
  return { view, tenant, term, seq, renamings, hash, subscribers: new Set(), encoded: null };
}

function reseed(
  channel: Channel,
  snapshot: FeedSnapshot = channel.view.snapshot(channel.tenant),
): void {
  channel.renamings = channel.view.renamings ?? 0;
  channel.term = snapshot.term;
  channel.seq = snapshot.seq;
  channel.hash = createOpenSetHash(snapshot.breakers.map(openBreakerOf));
  channel.encoded = null;
}

/** What a subscriber at `position` has missed; null unless it can be told without a gap. */
function deltasSince(channel: Channel, position: FeedPosition): readonly FeedDelta[] | null {
  const { view } = channel;
  if (position.term !== view.term || position.seq > channel.seq) return null;
  const deltas = view.since(channel.tenant, position.seq);
  if (deltas === null) return null;
  const gapless = deltas.every(
    (delta, index) =>
      delta.term === position.term && delta.transition.feedSeq === position.seq + 1 + index,
  );
  return gapless ? deltas : null;
}
