import { LIMITS } from '../../core/limits.ts';
import { MEASURES, type Measure } from './agent-baseline.ts';
import type { BaselineState } from './baseline.ts';
import type { PeerPrior, PeerPriors } from './borrowed-rate.ts';
import { COLD_MINUTES, type MeasureHistory } from './measure-history.ts';
import { DAY_HOURS } from './seasonal-rate.ts';

const LEAST_DEVIATION = 0.2;
/** Peers that differ more than about threefold among themselves say nothing of a newcomer. */
const MOST_DEVIATION = 1.2;

/** The prior of each measure that enough of these peers have a day's history of, or null. */
export function priorOf(peers: readonly BaselineState[]): PeerPriors | null {
  const grown = peers.filter(({ learnedMinutes }) => learnedMinutes >= COLD_MINUTES);
  if (grown.length < LIMITS.peersForPrior) return null;
  const priors: { [measure in Measure]?: PeerPrior } = {};
  for (const measure of MEASURES) {
    const histories: MeasureHistory[] = [];
    for (const { measures } of grown) {
      const history = measures[measure];
      if (history) histories.push(history);
    }
    if (histories.length < LIMITS.peersForPrior) continue;
    const prior = measurePrior(histories);
    if (prior.deviation <= MOST_DEVIATION) priors[measure] = prior;
  }
  return Object.keys(priors).length > 0 ? priors : null;
}

function measurePrior(histories: readonly MeasureHistory[]): PeerPrior {
  const logs = histories.map(({ rate }) => Math.log(Math.max(rate.sum / rate.minutes, 1e-6)));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const hours = Array.from({ length: DAY_HOURS }, (_, hour) =>
    median(histories.map(({ rate }) => hourlyRate(rate, hour))),
  );
  return {
    hours,
    deviation: Math.max(LEAST_DEVIATION, Math.sqrt(squares)),
    excess: median(histories.map(({ dispersion }) => dispersion.excess)),
    spread: median(histories.map(({ dispersion }) => dispersion.spread)),
    slack: median(histories.map(({ slack }) => slack)),
    peakMinute: median(histories.map(({ peakMinute }) => peakMinute)),
  };
}

function hourlyRate(rate: MeasureHistory['rate'], hour: number): number {
  const overall = rate.sum / Math.max(1, rate.minutes);
  const minutes = rate.dayMinutes[hour] ?? 0;
  return ((rate.daySum[hour] ?? 0) + 30 * overall) / (minutes + 30);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
