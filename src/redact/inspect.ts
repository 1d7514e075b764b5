import { datesIn } from './dates.ts';
import { decodeRun, type Encoding } from './encoded.ts';
import { ALL_RECOGNISERS, type RecogniserSet } from './entities/recognisers.ts';
import { type Confidence, HINT } from './hit.ts';
import { wordsOfKey } from './key-words.ts';
import { type ScanContext, scanText } from './scanner.ts';

/** One thing found, told without its value. */
export interface InspectedHit {
  /** Name of the entity, as in docs/entities.md; for secrets `secret:` and the kind. */
  readonly entity: string;
  /** What its pseudonym, its mode and its findings are called; `secret` for secrets. */
  readonly type: string;
  /** Offsets into the text as given, in UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly confidence: Confidence;
  /** How the value was wrapped, outermost first; the span is then that of the wrapping. */
  readonly inside: readonly string[];
}

const MAX_DEPTH = 5;

/** What redaction would find in a text, with neither names nor a policy of content. */
export function inspectText(
  text: string,
  options: {
    readonly recognisers?: RecogniserSet;
    readonly dates?: boolean;
    /** The key that holds the text. */
    readonly key?: string;
  } = {},
): readonly InspectedHit[] {
  const recognisers = options.recognisers ?? ALL_RECOGNISERS;
  const found = hitsIn(text, { recognisers, keyWords: wordsOfKey(options.key ?? '') }, []);
  if (options.dates !== true) return found;
  const dates = datesIn(text).filter(
    ({ start, end }) => !found.some((hit) => hit.start < end && start < hit.end),
  );
  const dated = dates.map(({ start, end, confidence }) => ({
    ...{ entity: 'date', type: 'date', start, end, confidence, inside: [] },
  }));
  return [...found, ...dated].sort((one, other) => one.start - other.start);
}

function hitsIn(
  text: string,
  context: ScanContext,
  inside: readonly string[],
): readonly InspectedHit[] {
  const scan = scanText(text, HINT.none, context);
  const back = (at: number): number => scan.offsets?.[at] ?? at;
  return scan.hits.flatMap(({ start, end, type, label, confidence }) => {
    const span = { start: back(start), end: back(end) };
    if (type !== 'encoded') {
      const entity = type === 'secret' ? `secret:${label}` : label;
      return [{ entity, type, ...span, confidence, inside }];
    }
    if (inside.length >= MAX_DEPTH) return [];
    const plain = decodeRun(scan.text.slice(start, end), label as Encoding);
    if (plain === null) return [];
    return hitsIn(plain, context, [...inside, label]).map((hit) => ({ ...hit, ...span }));
  });
}
