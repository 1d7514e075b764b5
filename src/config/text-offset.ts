import type { Position } from './problems.ts';

/**
 * Where the character at `offset` of a parsed scalar stands in the text it was parsed from. Quotes,
 * block headers, indentation and folded lines lie between the two, so they are walked side by side;
 * where escapes part them, the answer is the start of the scalar.
 */
export function offsetWithin(
  text: string,
  start: Position,
  scalar: string,
  offset: number,
): Position {
  const lines = text.split('\n');
  let at = lines.slice(0, start.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
  at += start.column - 1;
  if (/^[|>]/.test(text.slice(at))) at = text.indexOf('\n', at) + 1;
  else if (/^["']/.test(text.slice(at))) at += 1;
  for (let index = 0; index <= offset && index <= scalar.length; index += 1) {
    const wanted = scalar[index];
    const isSpace = wanted === undefined || /\s/.test(wanted);
    if (!isSpace) while (/\s/.test(text[at] ?? 'x')) at += 1;
    if (index === offset || wanted === undefined) break;
    if (isSpace) continue;
    if (text[at] !== wanted) return start;
    at += 1;
  }
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before[before.length - 1] ?? '').length + 1 };
}
