import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import type { Comparison } from '../baseline/agent-baseline.ts';
import { amount, minutesText, oneDecimal } from './figures.ts';

/** A window against the agent's own history of `ageMs`, for people who know no statistics. */
export function windowInWords(
  { measure, actual, typical, usualUpTo, windowMs }: Comparison,
  ageMs: number,
): { readonly title: string; readonly explanation: string } {
  const span = minutesText(windowMs / MINUTE_MS);
  const ratio = oneDecimal(actual / Math.max(typical, Number.MIN_VALUE));
  return {
    title:
      `${amount(actual)} ${measure} in ${span}, usually up to ${amount(usualUpTo)} ` +
      `(${ratio} times the typical ${amount(typical)})`,
    explanation:
      `In ${span} this agent moved ${amount(actual)} ${measure}. At this hour and weekday it ` +
      `typically moves ${amount(typical)} and hardly ever more than ${amount(usualUpTo)}, ` +
      `judged by ${oneDecimal(ageMs / DAY_MS)} days of its own history.`,
  };
}
