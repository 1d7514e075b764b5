import { expect } from 'vitest';
import { BreakerMap } from '../../client/src/breaker-map.ts';
import { Freshness } from '../../client/src/freshness.ts';
import type {
  BreakerState,
  Heartbeat,
  Snapshot,
  TransitionMessage,
} from '../../client/src/messages.ts';
import { keyText } from '../../client/src/messages.ts';
import { postureFor } from '../../client/src/posture.ts';

/** What the daemon says over the feed, as a client reads it. */
export type Word =
  | { readonly says: 'transition'; readonly message: TransitionMessage }
  | { readonly says: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly says: 'heartbeat'; readonly beat: Heartbeat };

/** What a network does to words; `deliver` is none of it. */
export const DISTURBANCES = ['drop', 'duplicate', 'reorder', 'deliver'] as const;
export type Disturbance = (typeof DISTURBANCES)[number];

/** How long a client that hears nothing may still let writes pass. */
const LOST_AFTER_MS = 10_000;

/** A held breaker, and the position of the word that put it there. */
interface Held {
  readonly state: BreakerState;
  readonly at: readonly [term: number, seq: number];
}

/** An enforcement point: the published client's own memory behind a bad network. */
export class SimulatedEdge {
  readonly #map = new BreakerMap(() => 'edge');
  readonly #freshness: Freshness;
  readonly #monotonicMs: () => number;
  readonly #held = new Map<string, Held>();
  #onTheWay: Word[] = [];
  #confirmedAtMs: number | null = null;
  /** Whether it has asked for a snapshot since it got the last. */
  wantsSnapshot = false;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    const clock = { monotonicMs, sleep: () => new Promise<void>(() => {}) };
    this.#freshness = new Freshness(clock, LOST_AFTER_MS, () => {});
  }

  tell(word: Word): void {
    this.#onTheWay.push(word);
  }

  disturb(what: Disturbance, random: () => number): void {
    const [first] = this.#onTheWay;
    if (first === undefined) return;
    if (what === 'reorder') this.#onTheWay = shuffled(this.#onTheWay, random);
    else if (what === 'duplicate') this.#onTheWay.push(first);
    else {
      this.#onTheWay.shift();
      if (what === 'deliver') this.#hear(first);
    }
  }

  /** All that is on the way, in the order it has. */
  drain(): void {
    const words = this.#onTheWay;
    this.#onTheWay = [];
    for (const word of words) this.#hear(word);
  }

  /** What is held, as the daemon would say it. */
  open(): Map<string, readonly [number, string, number]> {
    const breakers = this.#map.snapshot()?.breakers ?? [];
    return new Map(breakers.map((one) => [keyText(one.key), [one.epoch, one.phase, one.level]]));
  }

  /** I7: whoever has heard nothing for ten seconds lets no write pass. */
  checkSilence(): void {
    const at = this.#confirmedAtMs;
    const isLost = at === null || this.#monotonicMs() - at > LOST_AFTER_MS;
    expect(this.#freshness.state === 'lost').toBe(isLost);
    if (isLost) expect(postureFor(undefined, 'lost', 'write')).toBe('deny');
  }

  #hear(word: Word): void {
    if (word.says === 'heartbeat') {
      const verdict = this.#map.confirm(word.beat);
      if (verdict === 'confirmed') this.#confirm();
      if (verdict === 'drifted') this.wantsSnapshot = true;
      return;
    }
    if (word.says === 'snapshot') {
      const { term, seq } = word.snapshot;
      const before = this.#map.refused;
      this.#map.applySnapshot(word.snapshot);
      if (this.#map.refused === before) this.#confirm();
      this.wantsSnapshot = false;
      this.#compare([term, seq]);
      return;
    }
    const { message } = word;
    if (this.#map.applyTransition(message).resync) this.wantsSnapshot = true;
    this.#compare([message.term, message.seq]);
  }

  #confirm(): void {
    this.#freshness.confirm();
    this.#confirmedAtMs = this.#monotonicMs();
  }

  /** I1 and I6: no word lifts or lowers what a later one put there, and no epoch goes back. */
  #compare(at: readonly [number, number]): void {
    const now = new Map(
      (this.#map.snapshot()?.breakers ?? []).map((one) => [keyText(one.key), one]),
    );
    for (const [text, held] of this.#held) {
      const state = now.get(text);
      if (state !== undefined) {
        expect(order([state.term, state.epoch], [held.state.term, held.state.epoch])).not.toBe(-1);
      }
      if ((state?.level ?? 0) < held.state.level) expect(order(at, held.at)).toBe(1);
      if (state === undefined) this.#held.delete(text);
    }
    for (const [text, state] of now) {
      if (this.#held.get(text)?.state !== state) this.#held.set(text, { state, at });
    }
  }
}

function order(left: readonly [number, number], right: readonly [number, number]): -1 | 0 | 1 {
  return Math.sign(left[0] - right[0] || left[1] - right[1]) as -1 | 0 | 1;
}

/** Fisher and Yates: sorting by chance favours some orders. */
function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const at = Math.floor(random() * (last + 1));
    const [one, other] = [mixed[at], mixed[last]];
    if (one === undefined || other === undefined) continue;
    mixed[at] = other;
    mixed[last] = one;
  }
  return mixed;
}
