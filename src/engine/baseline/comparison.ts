import { MINUTE_MS } from '../../core/time.ts';
import type { Comparison, Measure } from './agent-baseline.ts';
import { jumpQuantile, logJump, logTail, quantile } from './count-model.ts';
import {
  logEvidenceNow,
  type MeasureHistory,
  meanEvidence,
  slotOf,
  standardError,
} from './measure-history.ts';
import { sizeModelOf } from './size-model.ts';

/** Share of windows beyond the upper edge of what is usual. */
const UNUSUAL = 1e-3;
/** The largest total remembered is usual too, and a little more. */
const PEAK_MARGIN = 1.1;

/** A window of one measure against its history; the costly figures are worked out when asked. */
export class HistoryComparison implements Comparison {
  readonly measure: Measure;
  readonly windowMs: number;
  readonly actual: number;
  readonly typical: number;
  readonly #history: MeasureHistory;
  readonly #minute: number;
  readonly #isOpen: boolean;

  constructor(
    measure: Measure,
    windowMs: number,
    history: MeasureHistory,
    minute: number,
    open: number,
  ) {
    const minutes = Math.round(windowMs / MINUTE_MS);
    const isTenOfOpen = minutes === 10 && minute === open;
    let actual = isTenOfOpen ? history.nineActual : 0;
    let typical = isTenOfOpen ? history.nineExpected : 0;
    for (let back = 0; back < (isTenOfOpen ? 1 : minutes); back += 1) {
      const slot = slotOf(minute - back);
      actual += history.totals[slot] ?? 0;
      typical += history.expected[slot] ?? 0;
    }
    this.measure = measure;
    this.windowMs = windowMs;
    this.actual = actual;
    this.typical = typical;
    this.#history = history;
    this.#minute = minute;
    this.#isOpen = minute === open;
  }

  get usualUpTo(): number {
    const { peakMinute, peakTen, dispersion } = this.#history;
    const minutes = this.windowMs / MINUTE_MS;
    const peak = minutes <= 1 ? peakMinute : Math.min(peakTen, peakMinute * minutes);
    const usual = Math.max(quantile(this.#mean, dispersion, UNUSUAL), peak * PEAK_MARGIN);
    const model = sizeModelOf(this.#history);
    if (!model) return usual;
    const { meanLog, deviationLog, meanSize } = model;
    const jump = jumpQuantile(this.typical / meanSize, meanLog, deviationLog, UNUSUAL);
    return Math.max(usual, this.typical + jump);
  }

  get probability(): number {
    const many = logTail(this.#mean, this.#history.dispersion, this.actual);
    const model = sizeModelOf(this.#history);
    if (!model || this.actual <= this.typical) return Math.exp(many);
    const { meanLog, deviationLog, meanSize } = model;
    const beyond = this.actual - this.typical;
    return Math.exp(
      Math.max(many, logJump(this.typical / meanSize, meanLog, deviationLog, beyond)),
    );
  }

  get evidence(): number {
    if (this.#isOpen) return Math.max(0, logEvidenceNow(this.#history, this.#minute));
    return Math.log(Math.max(1, meanEvidence(this.#history)));
  }

  get since(): number {
    return this.#history.runSince * MINUTE_MS;
  }

  get runActual(): number {
    const { runActual, totals } = this.#history;
    return runActual + (this.#isOpen ? (totals[slotOf(this.#minute)] ?? 0) : 0);
  }

  get runTypical(): number {
    const { runExpected, expected } = this.#history;
    return runExpected + (this.#isOpen ? (expected[slotOf(this.#minute)] ?? 0) : 0);
  }

  /** Expected total with its estimation error on the safe side. */
  get #mean(): number {
    return this.typical * (1 + standardError(this.#history, this.#minute));
  }
}

/** What is said of a measure that this agent never had, or of a minute long past. */
export function emptyComparison(measure: Measure, windowMs: number, since: number): Comparison {
  return {
    measure,
    windowMs,
    actual: 0,
    typical: 0,
    usualUpTo: 0,
    probability: 1,
    evidence: 0,
    since,
    runActual: 0,
    runTypical: 0,
  };
}
