import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { datesIn } from '../dates.ts';
import { HINT } from '../hit.ts';
import { scanText } from '../scanner.ts';

/** Hits against the spans of a corpus: type-strict, overlap of at least nine tenths. */
export interface SpanCounts {
  right: number;
  missed: number;
  wrong: number;
}

interface Sample {
  readonly full_text: string;
  readonly spans: readonly {
    readonly entity_type: string;
    readonly start_position: number;
    readonly end_position: number;
  }[];
}

interface Span {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Our names for the seven structured types of the Presidio synthetic sets, and for dates. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['EMAIL_ADDRESS', 'email'],
  ['PHONE_NUMBER', 'phone'],
  ['CREDIT_CARD', 'card'],
  ['IBAN_CODE', 'iban'],
  ['IP_ADDRESS', 'ip'],
  ['US_SSN', 'ssn'],
  ['DOMAIN_NAME', 'url'],
  ['DATE_TIME', 'date'],
]);
/** URLs stay in place and are read part by part, so only the measurement marks them whole. */
const URL_TEXT = /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>]+/gi;
const OVERLAP = 0.9;

/** A file of the evaluation data, parsed, or null where the data is not there. */
export function readCorpus(name: string): unknown {
  const path = join(process.env['TRIPCOIL_DATA'] ?? '../shared/data', 'pii', name);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

/** Counts of every structured type over a Presidio synthetic set, or null without the data. */
export function countSpans(name: string): ReadonlyMap<string, SpanCounts> | null {
  const samples = readCorpus(name) as readonly Sample[] | null;
  if (samples === null) return null;
  const counts = new Map<string, SpanCounts>();
  for (const type of TYPES.values()) counts.set(type, { right: 0, missed: 0, wrong: 0 });
  for (const sample of samples) countSample(counts, sample);
  return counts;
}

/** Precision, recall and their harmonic mean, over one type or several. */
export function ratesOf(counts: Iterable<SpanCounts>): {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
} {
  const sum = { right: 0, missed: 0, wrong: 0 };
  for (const { right, missed, wrong } of counts) {
    sum.right += right;
    sum.missed += missed;
    sum.wrong += wrong;
  }
  const precision = sum.right / Math.max(1, sum.right + sum.wrong);
  const recall = sum.right / Math.max(1, sum.right + sum.missed);
  return { precision, recall, f1: (2 * sum.right) / (2 * sum.right + sum.missed + sum.wrong) };
}

function countSample(counts: Map<string, SpanCounts>, sample: Sample): void {
  const found = spansOf(sample.full_text);
  const used = new Set<Span>();
  for (const gold of sample.spans) {
    const type = TYPES.get(gold.entity_type);
    const count = type === undefined ? undefined : counts.get(type);
    if (type === undefined || count === undefined) continue;
    const want = { type, start: gold.start_position, end: gold.end_position };
    const match = found.find((span) => !used.has(span) && matches(span, want));
    if (match === undefined) count.missed++;
    else {
      used.add(match);
      count.right++;
    }
  }
  for (const span of found) {
    const count = counts.get(span.type);
    if (!used.has(span) && count !== undefined) count.wrong++;
  }
}

function spansOf(text: string): readonly Span[] {
  const { hits, offsets } = scanText(text, HINT.none);
  const back = (position: number): number => offsets?.[position] ?? position;
  return [
    ...hits
      .filter(({ label }) => label !== 'birth_date')
      .map(({ type, start, end }) => ({ type, start: back(start), end: back(end) })),
    ...datesIn(text).filter((date) => !hits.some((hit) => hit.type !== 'date' && meets(hit, date))),
    ...[...text.matchAll(URL_TEXT)].map((match) => ({
      type: 'url',
      start: match.index,
      end: match.index + match[0].length,
    })),
  ];
}

function meets(one: Span, other: Span): boolean {
  return one.start < other.end && other.start < one.end;
}

function matches(one: Span, other: Span): boolean {
  if (one.type !== other.type) return false;
  const shared = Math.min(one.end, other.end) - Math.max(one.start, other.start);
  const both = Math.max(one.end, other.end) - Math.min(one.start, other.start);
  return shared / both >= OVERLAP;
}
