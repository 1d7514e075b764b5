import { describe, expect, it } from 'vitest';
import { DEFAULT_REDACTION } from '../core/redaction-policy.ts';
import { CleanTexts } from './clean-texts.ts';
import { HINT } from './hit.ts';
import { createRedactor } from './redactor.ts';
import { eventWith, testKeys } from './testing/events.ts';

const NO_WORDS: readonly string[] = [];

describe('clean texts', () => {
  it('are known from the second sighting on', () => {
    const clean = new CleanTexts();
    clean.add('gpt-4o', HINT.none, NO_WORDS);
    expect(clean.has('gpt-4o', HINT.none, NO_WORDS)).toBe(false);
    clean.add('gpt-4o', HINT.none, NO_WORDS);
    expect(clean.has('gpt-4o', HINT.none, NO_WORDS)).toBe(true);
    expect(clean.has('gpt-4p', HINT.none, NO_WORDS)).toBe(false);
  });

  it('are clean under the same hints and key alone', () => {
    const clean = new CleanTexts();
    const words = ['order'];
    for (let time = 0; time < 2; time++) clean.add('1-2-3', HINT.identifier, words);
    expect(clean.has('1-2-3', HINT.identifier, words)).toBe(true);
    expect(clean.has('1-2-3', HINT.none, words)).toBe(false);
    expect(clean.has('1-2-3', HINT.identifier, ['order'])).toBe(false);
  });

  it('are not remembered when they are long, or beyond Latin-1', () => {
    const clean = new CleanTexts();
    for (const text of ['x'.repeat(65), 'モデル']) {
      for (let time = 0; time < 3; time++) clean.add(text, HINT.none, NO_WORDS);
      expect(clean.has(text, HINT.none, NO_WORDS)).toBe(false);
    }
  });

  it('do not make a key that names a value forgotten', () => {
    const redactor = createRedactor({ keys: testKeys() });
    const number = '4155550132';
    for (let time = 0; time < 4; time++) {
      const plain = redactor.redact(eventWith({ attrs: { order: number } }));
      expect(plain.attrs).toEqual({ order: number });
      const named = redactor.redact(eventWith({ attrs: { phone: number } }));
      expect(JSON.stringify(named.attrs)).not.toContain(number);
    }
  });

  it('of one choice of regions are not those of another', () => {
    const german = '12345678911 is no tax id without a word';
    const number = 'steuer id 86095742719';
    let regions: readonly string[] | null = ['FR'];
    const redactor = createRedactor({
      keys: testKeys(),
      policyOf: () => ({ ...DEFAULT_REDACTION, regions }),
    });
    for (let time = 0; time < 3; time++) redactor.redactText('acme', number);
    expect(redactor.redactText('acme', number)).toBe(number);
    regions = ['DE'];
    expect(redactor.redactText('acme', number)).not.toBe(number);
    expect(redactor.redactText('acme', german)).toBe(german);
  });
});
