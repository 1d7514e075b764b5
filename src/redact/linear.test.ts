import { describe, expect, it } from 'vitest';
import { HINT } from './hit.ts';
import { createRedactor } from './redactor.ts';
import { scanText } from './scanner.ts';
import { testKeys } from './testing/events.ts';

/** Characters that a scan asks for outside of patterns: its work, whatever the machine's speed. */
function looksAt(text: string): number {
  const original = String.prototype.charCodeAt;
  let looks = 0;
  String.prototype.charCodeAt = function charCodeAt(this: string, index: number): number {
    looks++;
    return original.call(this, index);
  };
  try {
    scanText(text, HINT.none);
  } finally {
    String.prototype.charCodeAt = original;
  }
  return looks;
}

const UNITS = [
  ...['a@', '1 ', '(1', '1.', '1:', '1::', 'a:', 'ab:', 'abcd:', '://', 'eyJa_', 'sk-', 'DE44 '],
  ...['tin 1 ', 'tax id 12 ', 'born 1.', 'card 4 ', 'pwd:null', 'cookie: ', '[secret:a', 'QUJD'],
  ...['A+atin1a', 'atin+', 'QUJDREVG+', 'QUJD-RE+G/', 'taxId1 ', '::1'],
];

/** The name of an address is no text in base64, however long it is. */
const ENDINGS = ['', '==@'];

describe('a text made to be slow', () => {
  it.each(UNITS.flatMap((unit) => ENDINGS.map((ending) => [unit, ending] as const)))(
    'costs twice as much when it is twice as long: %j, ending with %j',
    (unit, ending) => {
      const looks = (chars: number): number =>
        looksAt(`a ${unit.repeat(Math.ceil(chars / unit.length))}${ending}`);
      const [once, twice] = [looks(40_000), looks(80_000)];
      expect(twice / once).toBeLessThan(2.3);
      expect(twice / 80_000).toBeLessThan(60);
    },
  );

  it('is not given up when it is a row of short groups', () => {
    const redactor = createRedactor({ keys: testKeys() });
    for (const unit of ['a:', 'ab:', '1:']) {
      const text = `x ${unit.repeat(100)}`;
      expect(redactor.redactText('acme', text)).toBe(text);
    }
    const address = `x ${'a:'.repeat(20)} 2001:db8::8a2e:370:7334`;
    expect(redactor.redactText('acme', address)).toMatch(/a: \[ip:/);
  });
});
