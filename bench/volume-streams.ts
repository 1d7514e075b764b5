import type { Added } from '../src/engine/baseline/agent-baseline.ts';
import { SeededRandom } from '../src/engine/detect/testing/random.ts';

/** Kinds of simulated traffic; `sizes` also moves records of very unequal sizes. */
export const STREAM_KINDS = ['poisson', 'over_dispersed', 'drift', 'bursty', 'sizes'] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

/** What one minute moved, as actions of their own where sizes matter, else summed up. */
export type Minute = readonly Readonly<Partial<Added>>[];

const DAY_MINUTES = 1_440;
const BURSTS_PER_YEAR = 36;

/** One simulated agent: a daily and weekly cycle, noise by kind, minute by minute. */
export class VolumeStream {
  readonly kind: StreamKind;
  /** Mean calls per minute over the week. */
  readonly rate: number;
  readonly #random: SeededRandom;
  readonly #phase: number;
  readonly #depth: number;
  readonly #weekend: number;
  readonly #trend: number;
  #wander = 0;
  #burstUntil = -1;
  #burstTimes = 1;

  /** Agents of one `rhythm` share their day and week; by default it is the agent's own. */
  constructor(kind: StreamKind, rate: number, seed: number, rhythm = seed) {
    this.kind = kind;
    this.rate = rate;
    const random = new SeededRandom(rhythm);
    this.#phase = random.integer(DAY_MINUTES);
    this.#depth = random.uniform() * 0.8;
    this.#weekend = 0.3 + 0.7 * random.uniform();
    this.#trend = kind === 'drift' ? (random.uniform() - 0.4) * 0.05 : 0;
    this.#random = rhythm === seed ? random : new SeededRandom(seed);
  }

  /** The minute's volume, multiplied by `times` where an attack runs. */
  next(minute: number, times = 1): Minute {
    const random = this.#random;
    const mean = this.#mean(minute) * times;
    const isPoisson = this.kind === 'poisson';
    const calls = isPoisson ? random.poisson(mean) : random.negativeBinomial(mean, 0.1);
    if (calls === 0) return [];
    if (this.kind !== 'sizes') return [{ calls, records: 0, bytes: 0, tokens: 0 }];
    return Array.from({ length: calls }, () => {
      const records = Math.round(Math.exp(3 + random.normal()));
      return { calls: 1, records, bytes: 0, tokens: 0 };
    });
  }

  #mean(minute: number): number {
    const day = minute / DAY_MINUTES;
    const cycle = 1 + this.#depth * Math.sin(((minute + this.#phase) / DAY_MINUTES) * 2 * Math.PI);
    const weekly = Math.floor(day) % 7 >= 5 ? this.#weekend : 1;
    const trend = Math.max(0.2, 1 + this.#trend * (day % 365));
    return this.rate * cycle * weekly * trend * this.#noise() * this.#burst(minute);
  }

  #noise(): number {
    if (this.kind === 'poisson') return 1;
    this.#wander = 0.97 * this.#wander + 0.06 * this.#random.normal();
    return Math.exp(this.#wander);
  }

  #burst(minute: number): number {
    if (this.kind !== 'bursty') return 1;
    if (this.#burstUntil < minute && this.#random.uniform() < BURSTS_PER_YEAR / 525_600) {
      this.#burstUntil = minute + 10 + this.#random.integer(50);
      this.#burstTimes = 3 + 5 * this.#random.uniform();
    }
    return minute <= this.#burstUntil ? this.#burstTimes : 1;
  }
}
