import { type EpochMs, HOUR_MS } from '../core/time.ts';

/** Strongest recent score of one detector, with the log time it was given at. */
export interface RiskMark {
  readonly value: number;
  readonly at: EpochMs;
}

/** Marks by detector; bounded by the number of detectors. */
export type RiskState = Record<string, RiskMark>;

const HALF_LIFE_MS = 4 * HOUR_MS;

/** What is left of a mark after decay, 0 to 100. */
export function decayed(mark: RiskMark, logTime: EpochMs): number {
  const age = Math.max(0, logTime - mark.at);
  return mark.value * 2 ** (-age / HALF_LIFE_MS);
}

/** Keeps the stronger of the decayed old mark and the new score: repeats do not pile up. */
export function addRisk(risk: RiskState, detector: string, score: number, logTime: EpochMs): void {
  const old = risk[detector];
  if (!old || decayed(old, logTime) <= score) risk[detector] = { value: score, at: logTime };
}

/** Risk 0 to 100: the marks of different detectors combine as independent evidence (noisy or). */
export function riskScore(risk: RiskState, logTime: EpochMs): number {
  let calm = 1;
  for (const mark of Object.values(risk)) calm *= 1 - Math.min(100, decayed(mark, logTime)) / 100;
  return Math.round((1 - calm) * 1_000) / 10;
}
