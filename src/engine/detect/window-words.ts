import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import type { Comparison } from '../baseline/agent-baseline.ts';
import { minutesText, oneDecimal } from './figures.ts';
import { measureAmount, measureText } from './measure-words.ts';

/** A window against the agent's own history of `ageMs`, for people who know no statistics. */
export function windowInWords(
  { measure, actual, typical, usualUpTo, windowMs }: Comparison,
  ageMs: number,
): { readonly title: string; readonly explanation: string } {
  const span = minutesText(windowMs / MINUTE_MS);
  const usual = measureAmount(measure, usualUpTo);
  const often = measureAmount(measure, typical);
  const ratio = oneDecimal(actual / Math.max(typical, Number.MIN_VALUE));
  return {
    title:
      `${measureText(measure, actual)} in ${span}, usually up to ${usual} ` +
      `(${ratio} times the typical ${often})`,
    explanation:
      `In ${span} this agent moved ${measureText(measure, actual)}. At this hour and weekday it ` +
      `typically moves ${often} and hardly ever more than ${usual}, ` +
      `judged by ${oneDecimal(ageMs / DAY_MS)} days of its own history.`,
  };
}
