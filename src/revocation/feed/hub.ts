import type { ServerResponse } from 'node:http';
import { LIMITS } from '../../core/limits.ts';
import type { BreakerView, FeedDelta } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { type ChangesBody, changesSince } from './changes.ts';
import { Channel, type FeedForm, type FeedPosition } from './channel.ts';
import { resyncFrame } from './frames.ts';
import type { FeedSigner } from './signer.ts';

interface Subscriber {
  readonly response: ServerResponse;
  readonly form: FeedForm;
  /** Tells the view that this broker no longer reads. */
  readonly leave: () => void;
  /** Sequence of the last transition this subscriber holds. */
  seq: number;
  /** Bytes still on their way that do not count against the buffer. */
  allowanceBytes: number;
  stalledAtMs: number | null;
}

interface Readers {
  readonly channel: Channel;
  readonly subscribers: Set<Subscriber>;
  /** Wake those who wait for a change. */
  readonly waiting: Set<() => void>;
  /** Monotone time of the last publication, and how many have followed each other closely. */
  publishedAtMs: number;
  streak: number;
}

interface HubDependencies {
  /** With ids as recorded. */
  readonly view: BreakerView;
  /** With ids as brokers know them. */
  readonly brokerView: BreakerView;
  readonly signer: FeedSigner | null;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Who reads: which view and tenant, in which form, and the name of the broker. */
export interface FeedReading {
  readonly view: BreakerView;
  readonly tenant: string;
  readonly form: FeedForm;
  readonly position: FeedPosition | null;
  readonly broker: string;
}

/**
 * Fans two views out to all subscribers: what is decided together is encoded, signed and written
 * once per view, tenant and form.
 */
export class FeedHub {
  readonly #dependencies: HubDependencies;
  readonly #channels = new Map<BreakerView, Map<string, Readers>>();
  readonly #stopped = new AbortController();
  readonly #unsubscribe: () => void;
  #readers = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(dependencies: HubDependencies) {
    this.#dependencies = dependencies;
    const { view, brokerView, log } = dependencies;
    const unsubscribes = [...new Set([view, brokerView])].map((each) => {
      const channels = new Map<string, Readers>();
      this.#channels.set(each, channels);
      return each.subscribe((delta) => this.#note(channels, delta));
    });
    this.#unsubscribe = () => {
      for (const unsubscribe of unsubscribes) unsubscribe();
    };
    void this.#beatUntilStopped().catch(() => log.error('feed heartbeat stopped'));
  }

  /** Whether it told somebody of a transition just now. */
  isTelling(): boolean {
    return this.#dependencies.clock.monotonicMs() - this.#toldAtMs < LIMITS.feedTellingMs;
  }

  /** Whether another reader fits. */
  hasRoom(): boolean {
    return this.#readers < LIMITS.feedSubscribers && !this.#stopped.signal.aborted;
  }

  /**
   * Starts a stream on a response whose head is written; resumes at the position when it can. View
   * and hub are synchronous, so nothing can slip in between joining and replaying.
   */
  join(response: ServerResponse, reading: FeedReading): void {
    const { view, tenant, position, form, broker } = reading;
    const readers = this.#readersOf(view, tenant);
    this.#publish(readers);
    const leave = view.join(tenant, broker);
    const one: Subscriber = { response, form, leave, seq: 0, allowanceBytes: 0, stalledAtMs: null };
    readers.subscribers.add(one);
    this.#count(1);
    response.on('drain', () => {
      one.allowanceBytes = 0;
    });
    response.on('close', () => this.#leave(readers, one));
    response.on('error', () => this.#leave(readers, one));
    const { channel } = readers;
    const missed = position === null ? null : channel.since(position);
    if (missed === null || position === null) {
      this.#sendSnapshot(readers, one, position === null ? undefined : 'position');
    } else if (missed.length > 0) {
      one.seq = position.seq + missed.length;
      this.#send(readers, one, channel.deltaFrames(form, missed), true);
    } else one.seq = position.seq;
    this.#send(readers, one, channel.heartbeatFrame(form));
  }

  /** What has changed since the position, at the latest after `waitMs`, or when `signal` aborts. */
  async changes(reading: FeedReading, waitMs: number, signal: AbortSignal): Promise<ChangesBody> {
    const { view, tenant, position, broker } = reading;
    const readers = this.#readersOf(view, tenant);
    this.#publish(readers);
    const leave = view.join(tenant, broker);
    this.#count(1);
    try {
      const { clock } = this.#dependencies;
      const now = changesSince(readers.channel, position, clock.monotonicMs());
      if (isNews(now, readers.channel, broker)) return now;
      if (waitMs === 0 || now.breakers !== undefined || now.transitions?.length !== 0) return now;
      await this.#changeOf(readers, waitMs, signal);
      return changesSince(readers.channel, position, clock.monotonicMs());
    } finally {
      leave();
      this.#count(-1);
      readers.channel.usedAtMs = this.#dependencies.clock.monotonicMs();
    }
  }

  /** Tells every reader of a tenant of a drill, and whoever polls within its time. */
  drill(tenant: string, id: string): void {
    for (const channels of this.#channels.values()) {
      const readers = channels.get(tenant);
      if (!readers) continue;
      const { channel, subscribers, waiting } = readers;
      channel.drill = { id, atMs: this.#dependencies.clock.monotonicMs(), told: new Set() };
      for (const wake of waiting) wake();
      for (const one of subscribers) this.#send(readers, one, channel.drillFrame(one.form, id));
    }
  }

  /** Ends every stream and stops listening. */
  close(): void {
    this.#stopped.abort();
    this.#unsubscribe();
    for (const { subscribers } of this.#everyone()) {
      for (const { response } of subscribers) {
        if (response.writableNeedDrain) response.destroy();
        else response.end();
      }
    }
  }

  #readersOf(view: BreakerView, tenant: string): Readers {
    const channels = this.#channels.get(view) ?? new Map<string, Readers>();
    const known = channels.get(tenant);
    if (known) return known;
    const { clock, signer } = this.#dependencies;
    const channel = new Channel(view, tenant, clock, signer);
    const readers: Readers = {
      ...{ channel, subscribers: new Set(), waiting: new Set() },
      ...{ publishedAtMs: Number.NEGATIVE_INFINITY, streak: 0 },
    };
    channels.set(tenant, readers);
    return readers;
  }

  async #changeOf({ waiting }: Readers, waitMs: number, signal: AbortSignal): Promise<void> {
    const changed = new AbortController();
    const wake = (): void => changed.abort();
    waiting.add(wake);
    const ends = AbortSignal.any([changed.signal, signal, this.#stopped.signal]);
    await this.#dependencies.clock.sleep(waitMs, ends);
    waiting.delete(wake);
  }

  *#everyone(): Generator<Readers> {
    for (const channels of this.#channels.values()) yield* channels.values();
  }

  /** What is decided in one go is told in one go; in a burst, what is decided within a while. */
  #note(channels: ReadonlyMap<string, Readers>, delta: FeedDelta): void {
    const readers = channels.get(delta.transition.key.tenant);
    if (!readers?.channel.add(delta)) return;
    const { clock } = this.#dependencies;
    const sinceMs = clock.monotonicMs() - readers.publishedAtMs;
    readers.streak = sinceMs < LIMITS.feedCoalesceMs ? readers.streak + 1 : 0;
    if (readers.streak < LIMITS.feedPublicationsAtOnce) {
      queueMicrotask(() => this.#publish(readers));
      return;
    }
    const waitMs = LIMITS.feedCoalesceMs - sinceMs;
    void clock.sleep(waitMs, this.#stopped.signal).then(() => this.#publish(readers));
  }

  #publish(readers: Readers): void {
    const { channel, subscribers, waiting } = readers;
    const published = channel.publish();
    if (published.kind === 'nothing') return;
    for (const wake of waiting) wake();
    this.#toldAtMs = this.#dependencies.clock.monotonicMs();
    readers.publishedAtMs = this.#toldAtMs;
    if (published.kind === 'resync') {
      for (const one of subscribers) this.#sendSnapshot(readers, one, published.why);
      return;
    }
    const { deltas } = published;
    const first = deltas[0]?.transition.feedSeq ?? 0;
    const last = first + deltas.length - 1;
    const frames = new Map<FeedForm, Buffer>();
    for (const one of subscribers) {
      if (last <= one.seq) continue;
      if (first > one.seq + 1) {
        this.#sendSnapshot(readers, one, 'gap');
        continue;
      }
      const isWhole = first === one.seq + 1;
      const missed = isWhole ? deltas : deltas.slice(one.seq + 1 - first);
      const frame = (isWhole && frames.get(one.form)) || channel.deltaFrames(one.form, missed);
      if (isWhole) frames.set(one.form, frame);
      one.seq = last;
      this.#send(readers, one, frame, one.response.writableLength === 0);
    }
  }

  #sendSnapshot(readers: Readers, one: Subscriber, why?: 'term' | 'position' | 'gap'): void {
    const { channel } = readers;
    const frame = channel.snapshotFrame(one.form);
    one.seq = channel.seq;
    if (why !== undefined) this.#send(readers, one, resyncFrame(why));
    this.#send(readers, one, frame, true);
  }

  /** `allowed`: however long, it does not count against the buffer. */
  #send({ channel }: Readers, one: Subscriber, frame: Buffer, allowed = false): void {
    if (one.response.destroyed) return;
    if (allowed) one.allowanceBytes += frame.length;
    one.response.write(frame);
    if (one.response.writableLength > LIMITS.feedBufferBytes + one.allowanceBytes) {
      this.#cut(channel.tenant, one, 'slow');
    }
  }

  #cut(tenant: string, one: Subscriber, why: 'slow' | 'stalled'): void {
    const { metrics, log } = this.#dependencies;
    metrics.count('tripcoil_feed_cuts_total', { why });
    log.warn('feed subscriber cut', { tenant, why });
    one.response.destroy();
  }

  #leave({ channel, subscribers }: Readers, one: Subscriber): void {
    if (!subscribers.delete(one)) return;
    one.leave();
    this.#count(-1);
    channel.usedAtMs = this.#dependencies.clock.monotonicMs();
  }

  #count(by: number): void {
    this.#readers += by;
    this.#dependencies.metrics.gauge('tripcoil_sse_clients', this.#readers, { kind: 'broker' });
  }

  #beat(readers: Readers): void {
    this.#publish(readers);
    const { channel, subscribers } = readers;
    channel.beat();
    const nowMs = this.#dependencies.clock.monotonicMs();
    const frames = new Map<FeedForm, Buffer>();
    for (const one of subscribers) {
      one.stalledAtMs = one.response.writableNeedDrain ? (one.stalledAtMs ?? nowMs) : null;
      if (one.stalledAtMs !== null && nowMs - one.stalledAtMs > LIMITS.feedStallMs) {
        this.#cut(channel.tenant, one, 'stalled');
        continue;
      }
      const frame = frames.get(one.form) ?? channel.heartbeatFrame(one.form);
      frames.set(one.form, frame);
      this.#send(readers, one, frame);
    }
  }

  #forgetIdle(): void {
    const nowMs = this.#dependencies.clock.monotonicMs();
    for (const channels of this.#channels.values()) {
      for (const [tenant, { channel, subscribers, waiting }] of channels) {
        const isRead = subscribers.size + waiting.size > 0;
        if (!isRead && channel.isIdle(nowMs)) channels.delete(tenant);
      }
    }
  }

  async #beatUntilStopped(): Promise<void> {
    const { clock } = this.#dependencies;
    while (!this.#stopped.signal.aborted) {
      await clock.sleep(LIMITS.feedHeartbeatMs, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      for (const readers of this.#everyone()) this.#beat(readers);
      this.#forgetIdle();
    }
  }
}

/** Whether a drill goes on that this broker has not been told of by an answer yet. */
function isNews({ drill: id }: ChangesBody, { drill }: Channel, broker: string): boolean {
  if (id === undefined || drill === null || drill.told.has(broker)) return false;
  drill.told.add(broker);
  return true;
}
