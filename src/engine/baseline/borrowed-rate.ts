import type { Measure } from './agent-baseline.ts';
import type { SeasonalRate } from './seasonal-rate.ts';

/**
 * What a new agent borrows of its peers until it has a day of its own: typical rates by hour of the
 * day, how unlike one another they are, and how unsteady. Medians of agents, so that one unlike
 * peer moves nothing.
 */
export interface PeerPrior {
  /** Typical rate per minute by hour of the day. */
  readonly hours: readonly number[];
  /** Standard deviation of the logarithm of the peers' rates: how little they say of a new one. */
  readonly deviation: number;
  readonly excess: number;
  readonly spread: number;
  readonly slack: number;
  /** Largest minute of a typical peer. */
  readonly peakMinute: number;
}

export type PeerPriors = { readonly [measure in Measure]?: PeerPrior };

/** Minutes of its own for which the rates of peers that are much alike stand. */
export const BORROWED_MINUTES = 60;
const LIKE_PEERS = 0.5;

/** Fills a rate with those of peers; for the less time the less alike they are. */
export function borrow(rate: SeasonalRate, { hours, deviation }: PeerPrior): void {
  const minutes = BORROWED_MINUTES * Math.min(1, (LIKE_PEERS / deviation) ** 2);
  for (const [hour, each] of hours.entries()) {
    rate.daySum[hour] = Math.fround(each * minutes);
    rate.dayMinutes[hour] = Math.fround(minutes);
    rate.sum += (each * minutes) / hours.length;
  }
  rate.minutes = minutes;
}

/** What unlikeness adds to the relative error of a rate after so many minutes. */
export function unlikeness(deviation: number, minutes: number): number {
  return deviation * (BORROWED_MINUTES / (BORROWED_MINUTES + minutes));
}
