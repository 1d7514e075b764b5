import type { Measure } from '../baseline/agent-baseline.ts';
import { amount } from './figures.ts';

/** What people call a measure. */
export function measureNoun(measure: Measure): string {
  if (measure === 'sessions') return 'new sessions';
  return measure === 'targets' ? 'different resources and destinations' : measure;
}

/** The figure of a measure alone: `1,204` or, of a cost in millionths of a dollar, `$4.20`. */
export function measureAmount(measure: Measure, value: number): string {
  if (measure !== 'cost') return amount(value);
  const dollars = value / 1_000_000;
  return `$${dollars >= 1_000 ? amount(dollars) : dollars.toFixed(2)}`;
}

/** With its noun: `1,204 records`, `$4.20 of cost`. */
export function measureText(measure: Measure, value: number): string {
  const figure = measureAmount(measure, value);
  return measure === 'cost' ? `${figure} of cost` : `${figure} ${measureNoun(measure)}`;
}
