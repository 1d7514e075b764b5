import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createSseParser } from './sse-parser.ts';

describe('the event stream parser', () => {
  it('reads named events, several data lines and comments', () => {
    const parser = createSseParser();
    const events = parser.push(': beat\n\nevent: finding\ndata: {"a":\ndata: 1}\n\ndata: x\n\n');
    expect(events).toEqual([
      { event: 'finding', data: '{"a":\n1}' },
      { event: 'message', data: 'x' },
    ]);
  });

  it('remembers the id of a finished event only', () => {
    const parser = createSseParser();
    parser.push('id: 7\ndata: x\n\nid: 8\ndata: y\n');
    expect(parser.lastId).toBe('7');
    parser.push('\n');
    expect(parser.lastId).toBe('8');
  });

  it('drops a frame that never ends', () => {
    const parser = createSseParser();
    parser.push(`data: ${'x'.repeat(1024 * 1024 + 1)}`);
    expect(parser.push('\n\ndata: ok\n\n').at(-1)).toEqual({ event: 'message', data: 'ok' });
  });

  const pieces = fc.array(fc.nat({ max: 60 }), { maxLength: 12 });
  const ending = fc.constantFrom('\n', '\r\n', '\r');
  test.prop([pieces, ending])('reads the same however the text is cut', (cuts, end) => {
    const text = ['event: a', 'data: 1', 'id: 4', '', ': c', 'data:2', 'data: 3', '', ''].join(end);
    const whole = createSseParser().push(`${text}\n`);
    const parser = createSseParser();
    const found = [];
    let from = 0;
    for (const cut of [...cuts].sort((left, right) => left - right)) {
      found.push(...parser.push(text.slice(from, Math.max(from, cut))));
      from = Math.max(from, Math.min(cut, text.length));
    }
    found.push(...parser.push(`${text.slice(from)}\n`));
    expect(found).toEqual(whole);
    expect(found).toHaveLength(2);
  });
});
