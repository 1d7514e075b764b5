/** A fenced block of a Markdown page; `line` is that of its fence, from 1. */
export interface Block {
  readonly kind: string;
  readonly text: string;
  readonly line: number;
  /** The `text` block right behind: what a person sees. */
  readonly expected: string | null;
}

/** Every fenced block in order. A `text` block belongs to the one right before it. */
export function readBlocks(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let endOfLast = -1;
  for (const match of markdown.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)) {
    const [whole, kind = '', text = ''] = match;
    const last = blocks.at(-1);
    const between = markdown.slice(endOfLast, match.index);
    if (kind === 'text' && last?.kind === 'sh' && between.trim() === '') {
      blocks[blocks.length - 1] = { ...last, expected: text };
    } else {
      const line = markdown.slice(0, match.index).split('\n').length;
      blocks.push({ kind, text, line, expected: null });
    }
    endOfLast = match.index + whole.length;
  }
  return blocks;
}

/** What differs from run to run, and what stands in its place when outputs are compared. */
const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  // It fades with time, so it is not the same on every machine.
  [/"risk":[\d.]+/g, '"risk":<risk>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>'],
  [/\b[0-9a-f]{64}\b/g, '<hash>'],
  [/\b[\d.]+ (ms|s)\b/g, '<duration>'],
  [/\b\d+ (events in|entries)\b/g, '<count> $1'],
  [/\bhead \d+/g, 'head <count>'],
  // Identifiers of findings are places in the ledger, as wide as the column of them.
  [/^ID {2,}/gm, 'ID  '],
  [/^\d+-\d+ {2,}/gm, '<id>  '],
];

/** The text with times, hashes, durations and ledger positions replaced by their kind. */
export function comparable(text: string): string {
  const plain = PLACEHOLDERS.reduce((before, [form, kind]) => before.replace(form, kind), text);
  return plain.trimEnd();
}

/** The lines of `expected` that `actual` lacks, in order; other lines may stand between. */
export function missingLines(expected: string, actual: string): readonly string[] {
  const lines = comparable(actual).split('\n');
  let from = 0;
  return comparable(expected)
    .split('\n')
    .filter((wanted) => {
      const at = lines.indexOf(wanted, from);
      if (at !== -1) from = at + 1;
      return at === -1;
    });
}
