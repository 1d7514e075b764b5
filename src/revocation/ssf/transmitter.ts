import { randomUUID } from 'node:crypto';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { SignalStream, StreamStatus } from '../../core/signal-stream.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { SignalStreams } from '../../ports/signal-streams.ts';
import { checkedUrl, createGuardedPost, type Reach } from '../guarded-post.ts';
import { LiveStream } from './live-stream.ts';
import { createSetPush, type SetPush } from './set-push.ts';
import {
  invalid,
  type PushAddress,
  parseStream,
  refuseForeign,
  type StreamRequest,
  streamBody,
} from './stream-body.ts';
import type { StreamCaller } from './stream-client.ts';
import { type Subject, sameValue } from './subject.ts';

export interface TransmitterOptions {
  readonly streams: SignalStreams;
  readonly keys: KeyRing;
  readonly issuer: (tenant: string) => string;
  readonly subjectIssuer?: string;
  readonly narrowedScope: string;
  /** Where receivers may have events pushed. */
  readonly reach: Reach;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** A stream as its receiver reads it. */
export type StreamBody = Readonly<Record<string, unknown>>;

/** Makes, changes and runs the streams of every tenant (SSF 1.0 section 8). */
export class Transmitter {
  readonly #options: TransmitterOptions;
  readonly #live = new Map<string, LiveStream>();
  readonly #post;
  readonly #stop = new AbortController();
  #beating: Promise<void> = Promise.resolve();

  constructor(options: TransmitterOptions) {
    this.#options = options;
    this.#post = createGuardedPost(options.reach);
  }

  /** Takes up the streams that the log knows. */
  start(): void {
    const { streams } = this.#options;
    for (const { tenant, state } of streams.all()) this.#open(tenant, state);
    this.#beating = this.#beat();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const live of this.#live.values()) live.close();
    await this.#beating;
  }

  /** Of one receiver in one tenant, or of all receivers. */
  list(tenant: string, receiver: string | null): readonly LiveStream[] {
    return [...this.#live.values()].filter(
      (live) =>
        live.tenant === tenant && (receiver ?? live.stream.receiver) === live.stream.receiver,
    );
  }

  /** Every stream of every tenant. */
  all(): readonly LiveStream[] {
    return [...this.#live.values()];
  }

  /** @throws TripcoilError `not_found`, also for a stream of somebody else. */
  find(tenant: string, receiver: string | null, id: string): LiveStream {
    const live = this.#live.get(`${tenant}\n${id}`);
    if (live && (receiver === null || live.stream.receiver === receiver)) return live;
    throw new TripcoilError('not_found', 'no such stream');
  }

  bodyOf(live: LiveStream, legacy = false): StreamBody {
    const address = this.addressOf(live.tenant, live.stream);
    return streamBody(live, this.#options.issuer(live.tenant), address, legacy);
  }

  async create(tenant: string, caller: StreamCaller, body: unknown): Promise<LiveStream> {
    const request = parseStream(body);
    const { receiver, settings } = caller;
    if (this.list(tenant, receiver).length >= LIMITS.streamsPerReceiver) {
      throw new TripcoilError('conflict', 'this receiver has as many streams as it may');
    }
    const id = randomUUID();
    const stream: SignalStream = {
      ...{ id, receiver, audience: settings.audience ?? settings.id },
      ...this.#deliveryOf(tenant, request.delivery ?? 'poll'),
      eventsRequested: request.eventsRequested ?? null,
      description: request.description ?? null,
      ...{ status: 'enabled', statusReason: null, subjects: [] },
      subjectProfile: request.subjectProfile ?? settings.subjectProfile,
    };
    const state = await this.#options.streams.change(tenant, id, stream);
    if (!state) throw new TripcoilError('overloaded', 'too many streams');
    return this.#open(tenant, state);
  }

  /** PATCH: what is not sent stays. PUT (`whole`): what is not sent goes back to its default. */
  async update(
    tenant: string,
    caller: StreamCaller,
    body: unknown,
    whole: boolean,
  ): Promise<LiveStream> {
    const request = parseStream(body);
    if (request.streamId === undefined) throw invalid('`stream_id` is required');
    const live = this.find(tenant, caller.receiver, request.streamId);
    return live.inTurn(() => this.#update(live, caller, request, whole));
  }

  #update(
    live: LiveStream,
    caller: StreamCaller,
    request: StreamRequest,
    whole: boolean,
  ): Promise<LiveStream> {
    const present = this.bodyOf(live, caller.settings.legacySse);
    refuseForeign(request.sent, present);
    refuseForeignPoll(request, present, live);
    const { stream } = live;
    const delivery = request.delivery ?? (whole ? 'poll' : null);
    return this.#write(live, {
      ...stream,
      ...(delivery && this.#deliveryOf(live.tenant, delivery)),
      eventsRequested: request.eventsRequested ?? (whole ? null : stream.eventsRequested),
      description: request.description ?? (whole ? null : stream.description),
      subjectProfile: request.subjectProfile ?? stream.subjectProfile,
    });
  }

  delete(live: LiveStream): Promise<void> {
    const { streams } = this.#options;
    return live.inTurn(async () => {
      await streams.change(live.tenant, live.stream.id, null);
      streams.detach(live.name);
      live.close();
      this.#live.delete(`${live.tenant}\n${live.stream.id}`);
    });
  }

  /** As the receiver wants it: it knows, so that no event tells it. */
  async setStatus(live: LiveStream, status: StreamStatus, reason: string | null): Promise<void> {
    await live.inTurn(() => this.#write(live, { ...live.stream, status, statusReason: reason }));
  }

  /** As an operator wants it: the receiver is told before it ends, or when it goes on again. */
  async imposeStatus(live: LiveStream, status: StreamStatus, reason: string | null): Promise<void> {
    if (status === live.stream.status) return;
    if (status === 'enabled') {
      await this.setStatus(live, status, reason);
      void live.tellStatus(status, reason);
      return;
    }
    const told = live.tellStatus(status, reason);
    const enough = new AbortController();
    const late = this.#options.clock.sleep(LIMITS.deliveryTimeoutMs, enough.signal);
    // A poll stream is told whenever it comes.
    if (!live.fetches) await Promise.race([told, late]);
    enough.abort();
    await this.setStatus(live, status, reason);
  }

  /** The latest word on a subject counts; what it repeats is forgotten. */
  async setSubject(live: LiveStream, given: Subject, included: boolean): Promise<void> {
    const subject = this.#options.streams.recordedSubject(live.tenant, given);
    await live.inTurn(async () => {
      const { stream } = live;
      const others = stream.subjects.filter((each) => !sameValue(each.subject, subject));
      // Everybody is in from the start.
      if (included && others.length === 0) {
        if (stream.subjects.length > 0) await this.#write(live, { ...stream, subjects: [] });
        return;
      }
      if (others.length >= LIMITS.streamSubjects) {
        throw new TripcoilError('conflict', 'this stream says something of too many subjects');
      }
      await this.#write(live, { ...stream, subjects: [...others, { subject, included }] });
    });
  }

  /** Only in the stream's turn. */
  async #write(live: LiveStream, stream: SignalStream): Promise<LiveStream> {
    const { streams } = this.#options;
    const before = live.stream;
    const state = await streams.change(live.tenant, stream.id, stream);
    if (!state) throw new TripcoilError('not_found', 'no such stream');
    live.replace(state);
    if (stream.status === 'disabled') streams.detach(live.name);
    else if (before.status === 'disabled' || before.delivery !== stream.delivery) {
      streams.attach(live);
    }
    return live;
  }

  #open(tenant: string, state: LiveStream['state']): LiveStream {
    const { streams } = this.#options;
    const pushOf = (stream: SignalStream) => this.#pushOf(tenant, stream);
    const live = new LiveStream({ ...this.#options, tenant, state, pushOf });
    this.#live.set(`${tenant}\n${state.stream.id}`, live);
    if (state.stream.status !== 'disabled') streams.attach(live);
    return live;
  }

  /** @throws TripcoilError `bad_request` for an address that nothing may be posted to. */
  #deliveryOf(
    tenant: string,
    delivery: 'poll' | PushAddress,
  ): Pick<SignalStream, 'delivery' | 'sealed'> {
    if (delivery === 'poll') return { delivery, sealed: null };
    try {
      checkedUrl(delivery.url, this.#options.reach);
    } catch (error) {
      throw invalid(error instanceof Error ? error.message : 'the address is not allowed');
    }
    return { delivery: 'push', sealed: this.#options.keys.seal(tenant, JSON.stringify(delivery)) };
  }

  /** Where a stream is pushed to; null for one that polls, or whose address is unreadable. */
  addressOf(tenant: string, { sealed }: SignalStream): PushAddress | null {
    const text = sealed && this.#options.keys.unseal(tenant, sealed);
    return text ? (JSON.parse(text) as PushAddress) : null;
  }

  #pushOf(tenant: string, stream: SignalStream): SetPush | null {
    const address = this.addressOf(tenant, stream);
    if (!address) return null;
    const { authorization } = address;
    return createSetPush({
      url: new URL(address.url),
      ...(authorization === null ? {} : { authorizationHeader: authorization }),
      ...{ post: this.#post, clock: this.#options.clock },
    });
  }

  async #beat(): Promise<void> {
    const { clock, metrics } = this.#options;
    const { signal } = this.#stop;
    for (let beatMs = clock.monotonicMs(); !signal.aborted; ) {
      await clock.sleep(LIMITS.streamMeterMs, signal);
      meterStreams(this.all(), metrics);
      if (clock.monotonicMs() - beatMs < LIMITS.streamHeartbeatMs) continue;
      beatMs = clock.monotonicMs();
      for (const live of this.#live.values()) void live.beat();
    }
  }
}

/** The oldest unanswered order of each receiver, and how many streams stand how. */
function meterStreams(streams: readonly LiveStream[], metrics: Metrics): void {
  const lags = new Map<string, number>();
  const counts: Record<StreamStatus, number> = { enabled: 0, paused: 0, disabled: 0 };
  for (const { lagMs, stream } of streams) {
    lags.set(stream.receiver, Math.max(lags.get(stream.receiver) ?? 0, lagMs));
    counts[stream.status] += 1;
  }
  for (const [broker, lagMs] of lags) {
    metrics.gauge('tripcoil_ssf_stream_ack_lag_seconds', lagMs / 1_000, { broker });
  }
  for (const [status, count] of Object.entries(counts)) {
    metrics.gauge('tripcoil_ssf_streams', count, { status });
  }
}

/** The address of a poll stream is the transmitter's to give. */
function refuseForeignPoll(
  { delivery, sent }: StreamRequest,
  present: StreamBody,
  { fetches }: LiveStream,
): void {
  if (delivery !== 'poll') return;
  const url = (sent['delivery'] as { readonly endpoint_url?: unknown }).endpoint_url;
  const known = fetches ? (present['delivery'] as { readonly endpoint_url: string }) : null;
  if (url === undefined || url === null || url === known?.endpoint_url) return;
  throw invalid('`delivery.endpoint_url` of a poll stream is set by the transmitter');
}
