import { describe, expect, it } from 'vitest';
import { redactFields } from './event-fields.ts';
import { HINT } from './hit.ts';
import { startPass } from './pass.ts';
import { fixedPseudonymKeys } from './pseudonym-keys.ts';
import { scanText } from './scanner.ts';
import { createTokenisers } from './tokeniser.ts';

const FIRST = '3GQYyw4i6Vskm3YmOcA98RyCxCJ3wriSc9mC';
const SECOND = 'iLuhPr63tPvDBg3PIXieqCBfS3R2EtXySnPz';

describe('authorization schemes', () => {
  it.each(['', ' ', '-', '/', '.', ':', ', '])('are told apart when joined by %j', (by) => {
    for (const scheme of ['Bearer', 'basic', 'DPoP']) {
      const text = `Bearer ${FIRST}${by}${scheme} ${SECOND}`;
      const found = scanText(text, HINT.none).hits.map(({ start, end }) => text.slice(start, end));
      expect(found.join('|')).toContain(FIRST);
      expect(found.join('|')).toContain(SECOND);
    }
  });
});

describe('scopes taken apart at their blanks', () => {
  const keys = { pseudonymKey: () => ({ id: 'k', secret: Buffer.alloc(32) }) };
  const redacted = (granted: readonly string[]) =>
    redactFields(startPass(createTokenisers(fixedPseudonymKeys(keys)).of('acme')), {
      scopes: { granted },
    });

  it('are read together where a word says what comes next', () => {
    const lines = `-----BEGIN EC PRIVATE KEY----- ${FIRST} ${SECOND} -----END EC PRIVATE KEY-----`;
    for (const text of [`Bearer ${FIRST}`, `mail.read Bearer ${FIRST} mail.send`, lines]) {
      const once = redacted(text.split(' '));
      expect(JSON.stringify(once)).not.toContain(FIRST);
      expect(JSON.stringify(once)).not.toContain(SECOND);
      expect(redacted((once['scopes'] as { granted: string[] }).granted)).toEqual(once);
    }
    expect(redacted(['mail.read', 'basic-access'])).toEqual({
      scopes: { granted: ['mail.read', 'basic-access'] },
    });
  });
});

describe('an IPv6 address before a colon and a word', () => {
  it.each(['access', 'feedback', 'x', 'deny:1'])('is found before :%s', (word) => {
    const text = `2a02:d853:4c23::716d:56ce:${word}`;
    const [hit] = scanText(text, HINT.none).hits;
    expect(text.slice(hit?.start, hit?.end)).toBe('2a02:d853:4c23::716d:56ce');
  });

  it.each(['std::vector::iterator', 'a1::b2:beta', '12:30:45:access'])('is not %s', (text) => {
    expect(scanText(text, HINT.none).hits).toEqual([]);
  });
});
