import { isStructuralKey } from '../structural-keys.ts';
import { changeContent, isRecord, type Members, mapTexts } from '../texts.ts';
import { everyToken, withoutTokens } from '../tokens.ts';
import type { ExternalSpan } from './recogniser.ts';

/** A word after a blank: identifiers, numbers and single words are no free text. */
const PROSE = /\s\p{P}{0,3}\p{L}/u;

/** Maps every free text of the content of a redacted event; structural attributes are none. */
export function mapFreeTexts(event: Members, map: (text: string, path: string) => string): void {
  const free = (value: unknown, path: string): unknown =>
    mapTexts(value, (text) => (PROSE.test(withoutTokens(text).trim()) ? map(text, path) : text));
  changeContent(event, (value, path) => {
    if (path !== 'attrs' || !isRecord(value)) return free(value, path);
    const entries = Object.entries(value).map(([key, item]) =>
      isStructuralKey(key) ? [key, item] : [key, free(item, `${path}.${withoutTokens(key)}`)],
    );
    return Object.fromEntries(entries);
  });
}

/**
 * The text with every span replaced. Tokens in it stay whole: of a span that meets one, only what
 * stands outside of it is replaced.
 */
export function replaceSpans(
  text: string,
  spans: readonly ExternalSpan[],
  replace: (type: ExternalSpan['type'], value: string) => string,
): string {
  let out = '';
  let start = 0;
  for (const { text: piece, token } of everyToken(text)) {
    out += token ? piece : replaceWithin(piece, start, spans, replace);
    start += piece.length;
  }
  return out;
}

function replaceWithin(
  piece: string,
  offset: number,
  spans: readonly ExternalSpan[],
  replace: (type: ExternalSpan['type'], value: string) => string,
): string {
  let out = '';
  let done = 0;
  for (const { start, end, type } of spans) {
    const from = Math.max(done, start - offset);
    const to = Math.min(piece.length, end - offset);
    const value = piece.slice(from, Math.max(from, to));
    if (!/[\p{L}\p{N}]/u.test(value)) continue;
    out += piece.slice(done, from) + replace(type, value);
    done = to;
  }
  return out + piece.slice(done);
}
