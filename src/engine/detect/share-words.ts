import { MINUTE_MS } from '../../core/time.ts';
import type { ShareReading } from '../baseline/share-watch.ts';
import { amount, minutesText, oneDecimal, rounded } from './figures.ts';

const MINUTES_PER_YEAR = 525_600;

/** What a share must come to before it is told. */
export interface ShareLimits {
  readonly alarms_per_year: number;
  readonly minimum_hits: number;
  readonly minimum_multiple: number;
}

/**
 * Whether a reading is beyond the error budget, and large enough to matter to anybody. The budget
 * is per agent: evidence of 525,600 minutes divided by the alarms a year.
 */
export function isBeyond(
  { evidence, calls, hits, usual }: ShareReading,
  limits: ShareLimits,
): boolean {
  if (hits < limits.minimum_hits || hits < limits.minimum_multiple * usual * calls) return false;
  return evidence >= Math.log(MINUTES_PER_YEAR / limits.alarms_per_year);
}

/** The figures of a reading: how many of how many calls, over how long, and what is usual. */
export function shareInWords(
  { calls, hits, usual, since, evidence }: ShareReading,
  now: number,
): {
  readonly span: string;
  readonly hits: string;
  readonly calls: string;
  readonly usually: string;
  readonly measures: Readonly<Record<string, number>>;
} {
  const minutes = Math.max(1, Math.ceil((now - since) / MINUTE_MS));
  return {
    span: minutesText(minutes),
    hits: amount(hits),
    calls: amount(calls),
    usually: `${oneDecimal(100 * usual)} of 100`,
    measures: {
      ...{ hits, calls, usual_share: rounded(usual), share: rounded(hits / calls) },
      ...{ evidence: rounded(evidence), window_s: minutes * 60 },
    },
  };
}
