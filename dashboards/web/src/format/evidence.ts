import type { FindingBody } from '../../../../src/api/contract.ts';
import { formatDuration, formatMeasure, formatProbability, plural } from './number.ts';
import { spaced } from './reason.ts';

export interface EvidenceRow {
  readonly name: string;
  readonly value: string;
}

/** What a detector measured, in no unit that is known here. */
const PLAIN = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

/** Measures that a finding has as fields of its own. */
const REPEATED = new Set(['actual', 'typical', 'probability']);

const UNITS: readonly (readonly [suffix: string, format: (value: number) => string])[] = [
  ['_ms', (value) => formatDuration(value)],
  ['_s', (value) => formatDuration(value * 1_000)],
  ['_days', (value) => plural(value, 'day')],
];

/** What a finding rests on, each thing once: figures with their units, then facts. */
export function evidenceRows(finding: FindingBody): readonly EvidenceRow[] {
  const { actual, typical, probability, evidence } = finding;
  const { facts } = evidence;
  const measure = Object.hasOwn(facts, 'measure') ? facts['measure'] : undefined;
  const rows: EvidenceRow[] = [];
  const add = (name: string, value: string): void => void rows.push({ name, value });
  if (actual !== null) add('actual', formatMeasure(measure, actual));
  if (typical !== null) add('typical', formatMeasure(measure, typical));
  if (probability !== null) add('how unlikely', formatProbability(probability));
  for (const [name, value] of Object.entries(evidence.measures)) {
    if (REPEATED.has(name)) continue;
    const unit = UNITS.find(([suffix]) => name.endsWith(suffix));
    const title = spaced(unit === undefined ? name : name.slice(0, -unit[0].length));
    add(title, unit === undefined ? PLAIN.format(value) : unit[1](value));
  }
  for (const [name, value] of Object.entries(facts)) add(spaced(name), value);
  return rows;
}
