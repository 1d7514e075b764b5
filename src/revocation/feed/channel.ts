import { LIMITS } from '../../core/limits.ts';
import type { BreakerView, FeedDelta, FeedSnapshot } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  deltaFrame,
  drillFrame,
  heartbeatBody,
  heartbeatFrame,
  openBreakerOf,
  signedFrame,
  snapshotBody,
  snapshotFrame,
  transitionBody,
  transitionFrame,
} from './frames.ts';
import { createOpenSetHash, type OpenSetHash } from './open-set-hash.ts';
import type { FeedSigner } from './signer.ts';

/** A position in one tenant's feed. */
export interface FeedPosition {
  readonly term: number;
  readonly seq: number;
}

/** `plain` relies on TLS; `signed` is one JWS a message. */
export type FeedForm = 'plain' | 'signed';

/** What the deltas of a moment came to. */
export type Published =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'resync'; readonly why: 'term' | 'gap' }
  | { readonly kind: 'batch'; readonly deltas: readonly FeedDelta[] };

interface EncodedSnapshot {
  readonly posture: string;
  readonly seq: number;
  readonly term: number;
  readonly beat: number;
  readonly frame: Buffer;
}

/** One tenant's feed as one view tells it: where it stands, and each frame encoded once a form. */
export class Channel {
  /** Whom it is for decides how ids are told. */
  readonly view: BreakerView;
  readonly tenant: string;
  readonly #clock: Clock;
  readonly #signer: FeedSigner | null;
  readonly #snapshots = new Map<FeedForm, EncodedSnapshot>();
  #pending: FeedDelta[] = [];
  #hash: OpenSetHash;
  #renamings: number;
  #beats = 0;
  /** The drill that was last begun, for those who poll, and which of them were told at once. */
  drill: { readonly id: string; readonly atMs: number; readonly told: Set<string> } | null = null;
  term: number;
  seq: number;
  /** Monotone time at which somebody last read it. */
  usedAtMs: number;

  constructor(view: BreakerView, tenant: string, clock: Clock, signer: FeedSigner | null) {
    this.view = view;
    this.tenant = tenant;
    this.#clock = clock;
    this.#signer = signer;
    const { term, seq, breakers } = view.snapshot(tenant);
    this.term = term;
    this.seq = seq;
    this.#hash = createOpenSetHash(breakers.map(openBreakerOf));
    this.#renamings = view.renamings ?? 0;
    this.usedAtMs = clock.monotonicMs();
  }

  /** Notes a transition; true when it is the first since the last `publish`. */
  add(delta: FeedDelta): boolean {
    this.#pending.push(delta);
    return this.#pending.length === 1;
  }

  /** Takes what was noted into the copy; says what its readers are to be told. */
  publish(): Published {
    const deltas = this.#pending;
    this.#pending = [];
    // After an erasure nobody is told the old name again, and those who hold it are told anew.
    if (this.#renamings !== (this.view.renamings ?? 0)) {
      this.reseed();
      return { kind: 'resync', why: 'gap' };
    }
    if (deltas.some(({ term }) => term !== this.term)) {
      this.reseed();
      return { kind: 'resync', why: 'term' };
    }
    const batch = inOrder(deltas);
    const start = batch?.[0]?.transition.feedSeq ?? 0;
    if (batch === null || start > this.seq + 1) {
      this.reseed();
      return { kind: 'resync', why: 'gap' };
    }
    if (batch.length === 0) return { kind: 'nothing' };
    for (const { transition } of batch) {
      const { feedSeq, key, to, level, epoch } = transition;
      if (feedSeq !== this.seq + 1) continue;
      this.#hash.set({ key, phase: to, level, epoch });
      this.seq = feedSeq;
    }
    return { kind: 'batch', deltas: batch };
  }

  reseed(snapshot: FeedSnapshot = this.view.snapshot(this.tenant)): void {
    this.#renamings = this.view.renamings ?? 0;
    this.term = snapshot.term;
    this.seq = snapshot.seq;
    this.#hash = createOpenSetHash(snapshot.breakers.map(openBreakerOf));
    this.#snapshots.clear();
  }

  /** What a reader at `position` has missed; null unless it can be told without a gap. */
  since(position: FeedPosition): readonly FeedDelta[] | null {
    const { view } = this;
    if (position.term !== view.term || position.seq > this.seq) return null;
    const deltas = view.since(this.tenant, position.seq);
    if (deltas === null) return null;
    const gapless = deltas.every(
      (delta, index) =>
        delta.term === position.term && delta.transition.feedSeq === position.seq + 1 + index,
    );
    return gapless ? deltas : null;
  }

  /** Encoded once per position, so that a thousand readers reconnecting share one buffer. */
  snapshotFrame(form: FeedForm): Buffer {
    const snapshot = this.view.snapshot(this.tenant);
    const { posture, seq, term } = snapshot;
    const known = this.#snapshots.get(form);
    const isSame = known?.seq === seq && known.posture === posture && known.term === term;
    // Signed anew after every heartbeat: it must not look older than that.
    if (known && isSame && this.term === term && (form === 'plain' || known.beat === this.#beats)) {
      return known.frame;
    }
    if (seq !== this.seq || term !== this.term) this.reseed(snapshot);
    const frame =
      form === 'plain'
        ? snapshotFrame(snapshot)
        : signedFrame('snapshot', this.sign('snapshot', { ...snapshotBody(snapshot) }), snapshot);
    this.#snapshots.set(form, { posture, seq, term, beat: this.#beats, frame });
    return frame;
  }

  deltaFrames(form: FeedForm, deltas: readonly FeedDelta[]): Buffer {
    if (form === 'plain') return Buffer.concat(deltas.map(transitionFrame));
    const first = deltas[0];
    const last = deltas.at(-1);
    if (first === undefined || last === undefined) return Buffer.alloc(0);
    const position = { term: last.term, seq: last.transition.feedSeq };
    const from = first.transition.feedSeq - 1;
    const transitions = deltas.map(transitionBody);
    const body = { v: 1, tenant: this.tenant, ...position, from, transitions };
    return deltaFrame(this.sign('delta', body), position);
  }

  heartbeatFrame(form: FeedForm): Buffer {
    const body = this.heartbeat();
    if (form === 'plain') return heartbeatFrame(body);
    return signedFrame('heartbeat', this.sign('heartbeat', { ...body, tenant: this.tenant }));
  }

  drillFrame(form: FeedForm, drill: string): Buffer {
    const { tenant, term } = this;
    if (form === 'plain') return drillFrame({ tenant, drill });
    return signedFrame('drill', this.sign('drill', { v: 1, tenant, term, drill }));
  }

  heartbeat(): ReturnType<typeof heartbeatBody> {
    return heartbeatBody({
      term: this.term,
      seq: this.seq,
      posture: this.view.check({ tenant: this.tenant }).posture,
      open: this.#hash.open,
      hash: this.#hash.hex(),
      t: this.#clock.now(),
    });
  }

  /** Whether nobody has read it for so long that it need not be kept. */
  isIdle(nowMs: number): boolean {
    return nowMs - this.usedAtMs > LIMITS.feedChannelIdleMs;
  }

  beat(): void {
    this.#beats += 1;
  }

  sign(...message: Parameters<FeedSigner['sign']>): string {
    if (this.#signer === null) throw new Error('nothing to sign with');
    return this.#signer.sign(...message);
  }
}

/** Without those that came twice; null when one is missing between them. */
function inOrder(deltas: readonly FeedDelta[]): readonly FeedDelta[] | null {
  const ordered: FeedDelta[] = [];
  for (const delta of deltas) {
    const before = ordered.at(-1)?.transition.feedSeq;
    const { feedSeq } = delta.transition;
    if (before !== undefined && feedSeq <= before) continue;
    if (before !== undefined && feedSeq > before + 1) return null;
    ordered.push(delta);
  }
  return ordered;
}
