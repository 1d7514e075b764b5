import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { decodeRun, encodedAt, noStretch } from './encoded.ts';
import { createRedactor } from './redactor.ts';
import { ENCODINGS } from './testing/encodings.ts';
import { eventWith, testKeys } from './testing/events.ts';
import { CLEAN_MAKERS, createRandom, MAKERS } from './testing/values.ts';

const redactor = createRedactor({ keys: testKeys() });

/** The text as it is kept, and how much of it was replaced. */
function kept(text: string): { readonly text: unknown; readonly replaced: number } {
  const { attrs, redactions } = redactor.redact(eventWith({ attrs: { planted: text } }));
  const replaced = Object.values(redactions ?? {}).reduce((sum, count) => sum + count, 0);
  return { text: attrs['planted'], replaced };
}

describe('values in disguise', () => {
  it.each(Object.entries(ENCODINGS))('are found in %s', (_, encode) => {
    const random = createRandom(7);
    for (const [kind, make] of Object.entries(MAKERS)) {
      const text = encode(make(random));
      for (const shape of [text, `she wrote ${text} today`, JSON.stringify({ a: [text] })]) {
        expect(kept(shape).replaced, `${kind}: ${shape}`).toBeGreaterThan(0);
      }
    }
  });

  it.each([
    'alice [at] example [dot] com',
    'alice(at)example.com',
    '4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1',
    'alice=40example=2Ecom',
    '\\\\u0061lice\\\\u0040example.com',
    'alice&commat;example&period;com',
  ])('are found in %j', (text) => {
    expect(kept(text).replaced).toBe(1);
    expect(kept(`so ${text}, ok`).replaced).toBe(1);
  });

  it('leaves clean values alone, however they are wrapped', () => {
    const random = createRandom(8);
    for (const [name, make] of Object.entries(CLEAN_MAKERS)) {
      for (const [encoding, encode] of Object.entries(ENCODINGS)) {
        const text = encode(String(make(random)));
        expect(kept(text), `${name} in ${encoding}`).toEqual({ text, replaced: 0 });
      }
    }
  });
});

describe('wrapped texts', () => {
  it('in hexadecimal digits are no account, however many they are', () => {
    const hex = (text: string) => `0x${Buffer.from(text).toString('hex')}`;
    expect(kept(hex('twenty letters long.'))).toEqual({
      text: hex('twenty letters long.'),
      replaced: 0,
    });
    expect(kept(hex('xoxb-726844076611-ZcrdnsPPCJ8A6e3N1jFCvCcj'))).toEqual({
      text: hex('[secret:slack_token]'),
      replaced: 1,
    });
  });

  it('in lines end where a line is no text', () => {
    const first = Buffer.from(`${'lorem ipsum '.repeat(4)}alice@example.com, `.padEnd(72)).toString(
      'base64',
    );
    expect(first).toHaveLength(96);
    for (const next of ['Regards', 'Yours,\nBob', 'H4sIAAAAAAAAA6uowASm', '']) {
      const { text, replaced } = kept(`${first}\n${next}`);
      expect(replaced, next).toBe(1);
      expect(String(text).endsWith(`\n${next}`), next).toBe(true);
    }
  });

  it('are wrapped again, so that what reads them still can', () => {
    const plain = 'mail alice@example.com now';
    const wrapped = String(kept(Buffer.from(plain).toString('base64')).text);
    const read = Buffer.from(wrapped, 'base64').toString();
    expect(read).toMatch(/^mail \[email:k-acme:[\w-]{22}\] now$/);
    expect(kept(wrapped)).toEqual({ text: wrapped, replaced: 0 });
    const zipped = String(
      kept(gzipSync(JSON.stringify({ first_name: 'Alice' })).toString('base64')).text,
    );
    const json = JSON.parse(gunzipSync(Buffer.from(zipped, 'base64')).toString());
    expect(json.first_name).toMatch(/^\[person:/);
  });

  it('are given up when they go deeper or grow larger than any sender needs', () => {
    let deep = 'mail alice@example.com now';
    for (let layer = 0; layer <= LIMITS.decodingDepth; layer++) {
      deep = Buffer.from(deep).toString('base64');
    }
    expect(kept(deep).text).not.toBe(deep);
    const bomb = gzipSync('a '.repeat(LIMITS.redactionChars)).toString('base64');
    expect(kept(bomb).text).toBe('[REDACTION_FAILED]');
  });

  it('are left as they were when they hold no text', () => {
    const random = createRandom(9);
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(Array.from({ length: 24 + random.int(30) }, () => random.int(256)));
      for (const text of [bytes.toString('hex'), bytes.toString('base64')]) {
        expect(kept(text).text).toBe(text);
      }
    }
  });
});

describe('more texts in gzip than a record may hold', () => {
  it('are given up, and what stands before them is not', () => {
    const packed = 'H4sIAAAAAAAAAxxxxxxxxxxxxxx ';
    const fits = packed.repeat(LIMITS.redactionUnpackings);
    expect(redactor.redactText('acme', fits)).toBe(fits);
    const out = redactor.redactText('acme', packed.repeat(LIMITS.redactionUnpackings + 2));
    expect(out.startsWith(packed)).toBe(false);
    expect(out).toContain('[REDACTION_FAILED]');
  });
});

describe('a run of base64', () => {
  const text = fc.string({ unit: 'binary', minLength: 9, maxLength: 24 });
  const bytes = fc
    .tuple(text, fc.uint8Array({ maxLength: 6 }), text)
    .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part as string))));
  const runs = fc.tuple(bytes, fc.constantFrom('base64' as const, 'base64url' as const), fc.nat(3));

  it('is taken for text when all of it decodes to text, and is without control characters', () => {
    fc.assert(
      fc.property(runs, ([plain, encoding, cut]) => {
        const run = `ICAgICAgICAgICAg${plain.toString(encoding).replace(/=+$/, '')}`;
        const written = run.slice(0, run.length - cut);
        const found = encodedAt(
          written,
          0,
          /[^A-Za-z0-9]|$/.exec(written)?.index ?? 0,
          noStretch(),
        );
        expect(found !== null).toBe(decodeRun(written, encoding) !== null);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is judged the same from every word in it, whatever was read of it before', () => {
    const words = fc.array(
      fc.constantFrom('atin', 'A', 'QUJDREVGR0hJSktM', 'zzzz', '+', '-', '='),
      {
        maxLength: 24,
      },
    );
    fc.assert(
      fc.property(words, (parts) => {
        const written = parts.join('');
        const stretch = noStretch();
        for (const { index, 0: word } of written.matchAll(/[A-Za-z0-9]+/g)) {
          const end = index + word.length;
          const alone = encodedAt(written, index, end, noStretch());
          expect(encodedAt(written, index, end, stretch)).toEqual(alone);
        }
      }),
    );
  });
});
