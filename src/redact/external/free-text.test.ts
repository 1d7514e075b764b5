import { describe, expect, it } from 'vitest';
import { mapFreeTexts, replaceSpans } from './free-text.ts';

const TOKEN = '[email:p1-d13c49ed:WGQP69YqEJsP7I3UI8V3kw]';

describe('replaceSpans', () => {
  const replaced = (text: string, ...spans: readonly (readonly [number, number])[]) =>
    replaceSpans(
      text,
      spans.map(([start, end]) => ({ start, end, type: 'person' as const })),
      (_type, value) => `<${value}>`,
    );

  it('replaces spans, overlapping ones once, and keeps tokens whole', () => {
    expect(replaced('ask Ann Lee now', [4, 11], [8, 11])).toBe('ask <Ann Lee> now');
    expect(replaced('ask Ann Lee now', [4, 7], [4, 11])).toBe('ask <Ann>< Lee> now');
    const text = `Ann ${TOKEN} Lee`;
    expect(replaced(text, [0, text.length])).toBe(`<Ann >${TOKEN}< Lee>`);
    expect(replaced(text, [6, 20])).toBe(text);
    expect(replaced('Ann, Lee', [3, 5])).toBe('Ann, Lee');
  });
});

describe('mapFreeTexts', () => {
  it('takes words of content, neither identifiers nor structural attributes', () => {
    const event = {
      agent: { id: 'a bot' },
      action: { name: 'send it', arguments: { to: 'x-1', body: 'Dear Ann', n: 7, id: 'a_b c' } },
      intent: { text: 'please do', scope: 'all of it' },
      attrs: { 'gen_ai.request.model': 'a model', note: ['see Ann', `ann ${TOKEN}`] },
    };
    const seen: string[] = [];
    mapFreeTexts({ ...event }, (text, path) => {
      seen.push(`${path}: ${text}`);
      return '';
    });
    expect(seen).toEqual([
      'action.arguments: Dear Ann',
      'action.arguments: a_b c',
      'attrs.note: see Ann',
      'intent.text: please do',
    ]);
  });
});
