import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventStreamParser } from './event-stream.ts';

const STREAM =
  '\uFEFF: hello\nid: 1:1\nevent: snapshot\ndata: {"a":\ndata: "ü€😀"}\n\n' +
  'event:heartbeat\r\ndata:x\r\n\r\n:keep\rid: bad\0id\rdata: cr\r\r' +
  'event: none\n\ndata\n\nretry: 5\n' +
  'data: cut off';

describe('createEventStreamParser', () => {
  const expected = [
    { id: '1:1', event: 'snapshot', data: '{"a":\n"ü€😀"}' },
    { id: '1:1', event: 'heartbeat', data: 'x' },
    { id: '1:1', event: 'message', data: 'cr' },
    { id: '1:1', event: 'message', data: '' },
  ];

  it('reads fields, comments, all line ends and several data lines', () => {
    expect(createEventStreamParser()(new TextEncoder().encode(STREAM))).toEqual(expected);
  });

  it('gives the same events however the bytes are cut', () => {
    const bytes = new TextEncoder().encode(STREAM);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: bytes.length - 1 })), (cuts) => {
        const parse = createEventStreamParser();
        const places = [0, ...cuts.sort((left, right) => left - right), bytes.length];
        const events = places.slice(1).flatMap((end, at) => parse(bytes.subarray(places[at], end)));
        expect(events).toEqual(expected);
      }),
    );
  });

  it('refuses an event without end', () => {
    const parse = createEventStreamParser();
    const chunk = new TextEncoder().encode(`data: ${'x'.repeat(8 * 1024 * 1024)}`);
    expect(() => {
      for (let count = 0; count < 9; count += 1) parse(chunk);
    }).toThrow('too large');
  });
});
