import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import {
  DEFAULT_REDACTION,
  type RecogniserRule,
  type RedactionPolicy,
} from '../../core/redaction-policy.ts';
import { createPersonalFindings } from '../personal-findings.ts';
import { createRedactor } from '../redactor.ts';
import { eventWith, testKeys } from '../testing/events.ts';
import { REDACTION_FAILED } from '../tokens.ts';
import { customHits } from './matches.ts';
import { compileRecognisers, patternProblem } from './recogniser.ts';

const STAFF: RecogniserRule = {
  ...{ name: 'staff_number', entity: 'x_staff', pattern: 'S[0-9]{6}', keywords: [] },
  ...{ keywordDistance: 48, validator: null, maxLength: 64 },
};

function found(text: string, changes: Partial<RecogniserRule> = {}, keyWords: string[] = []) {
  const own = compileRecognisers([{ ...STAFF, ...changes }]);
  return customHits(text, 0, keyWords, own).map(({ start, end }) => text.slice(start, end));
}

function redactorOf(rules: readonly RecogniserRule[], changes: Partial<RedactionPolicy> = {}) {
  const policy = { ...DEFAULT_REDACTION, recognisers: rules, ...changes };
  const findings = createPersonalFindings();
  const keys = testKeys();
  return { redactor: createRedactor({ keys, policyOf: () => policy, findings }), findings };
}

const redacted = (text: string, ...rules: readonly Partial<RecogniserRule>[]) =>
  redactorOf(rules.map((rule) => ({ ...STAFF, ...rule }))).redactor.redactText('acme', text);

describe('a recogniser of the configuration', () => {
  it('finds every match, and nothing where the pattern does not match', () => {
    expect(found('S123456, S654321 and S12345')).toEqual(['S123456', 'S654321']);
    expect(found('x'.repeat(5_000))).toEqual([]);
  });

  it('asks for a keyword before the match or in the key, at most so far away', () => {
    const rule = { pattern: '[0-9]{6}', keywords: ['badge', 'staff no'], keywordDistance: 10 };
    expect(found('badge: 123456', rule)).toEqual(['123456']);
    expect(found('BADGE 123456 ... 654321 badges 111111', rule)).toEqual(['123456']);
    expect(found('badge            123456', rule)).toEqual([]);
    expect(found('123456', rule)).toEqual([]);
    expect(found('123456', rule, ['staff', 'no'])).toEqual(['123456']);
    expect(found('123456', rule, ['staff', 'note'])).toEqual([]);
  });

  it('takes a match that begins with its keyword', () => {
    expect(found('see EMP-4711', { pattern: 'EMP-[0-9]{4}', keywords: ['emp'] })).toEqual([
      'EMP-4711',
    ]);
  });

  it('keeps what does not pass its validator', () => {
    const rule = { pattern: '[0-9]{11}', validator: 'mod11_10' };
    expect(found('86095742719 86095742718', rule)).toEqual(['86095742719']);
  });

  it('cuts a match at its longest and goes on behind it', () => {
    const rule = { pattern: '[a-z]+', maxLength: 8 };
    expect(found(`${'a'.repeat(20)} bc`, rule)).toEqual(['aaaaaaaa', 'aaaaaaaa', 'aaaa', 'bc']);
  });

  it('reads anchors and word boundaries at the ends of the text alone', () => {
    const text = `${'1234 '.repeat(200)}x5`;
    expect(found(text, { pattern: '^[0-9]+', maxLength: 8 })).toEqual(['1234']);
    expect(found(text, { pattern: '[0-9]$', maxLength: 8 })).toEqual(['5']);
    expect(found(text, { pattern: '\\b5', maxLength: 8 })).toEqual([]);
  });

  it('finds the same in a long text as in a short one, wherever it stands', () => {
    const rule = { pattern: '\\bS[0-9]{1,6}\\b', maxLength: 16 };
    fc.assert(
      fc.property(fc.array(fc.constantFrom('S123456', 'S7', ' ', 'x', '-', 'aS1')), (parts) => {
        const text = parts.join('');
        const expected = [...text.matchAll(/\bS[0-9]{1,6}\b/g)].map(([match]) => match);
        expect(found(text, rule)).toEqual(expected);
      }),
    );
  });
});

describe('what a recogniser of the configuration finds', () => {
  it('becomes a pseudonym of its own type, equal for equal values', () => {
    const text = redacted('S123456 met S654321 and S123456', {});
    expect(text).toMatch(/^\[x_staff:[\w-]+:[\w-]{22}\] met \[x_staff:.*\] and \[x_staff:/);
    const [one, other, again] = text.split(/ met | and /);
    expect(one).toBe(again);
    expect(one).not.toBe(other);
    expect(redacted(text, {})).toBe(text);
  });

  it('is told among the findings, and stands in its mode', () => {
    const { redactor, findings } = redactorOf([STAFF], { modes: { x_staff: 'partial' } });
    const action = { name: 'call', op: 'write' as const, arguments: { note: 'for S123456' } };
    const event = redactor.redact(eventWith({ action }));
    expect(event.redactions).toEqual({ x_staff: 1 });
    expect(JSON.stringify(event.action)).not.toContain('S123456');
    const told = redactorOf([STAFF]);
    told.redactor.redact(eventWith({ action }));
    expect(told.findings.list('*')).toMatchObject([
      { type: 'x_staff', field: 'action.arguments.note' },
    ]);
    expect(findings.untold).toBe(0);
  });

  it('is masked under the name of the recogniser where it is a secret', () => {
    expect(redacted('use S123456', { entity: 'secret' })).toBe('use [secret:staff_number]');
  });

  it('is found folded, wrapped, in numbers and in keys', () => {
    const { redactor } = redactorOf([STAFF, { ...STAFF, name: 'desk', pattern: '77[0-9]{3}' }]);
    const wrapped = Buffer.from('the staff number is S123456').toString('base64');
    const value = { a: 'Ｓ１２３４５６', b: wrapped, c: 77123, S123456: 1, d: '\\u0053123456' };
    const action = { name: 'call', op: 'write' as const, arguments: value };
    const text = JSON.stringify(redactor.redact(eventWith({ action })).action);
    for (const raw of ['Ｓ', wrapped, '77123', 'S123456', '0053']) expect(text).not.toContain(raw);
  });

  it('does not hide what else is found, and leaves nothing of two that overlap', () => {
    const mail = { name: 'mailbox', pattern: '[a-z]+@', entity: 'x_box' };
    expect(redacted('to alice@example.com', mail)).toMatch(/^to \[email:[^\]]+\]$/);
    const glued = { name: 'tail', pattern: 'com-[0-9]+' };
    expect(redacted('to alice@example.com-4711', glued)).not.toMatch(/alice|example|4711/);
    const card = { name: 'any', pattern: '[0-9]{16}', entity: 'x_any' };
    expect(redacted('4111111111111111', card)).toMatch(/^\[x_any:/);
  });

  it('is another for another tenant, and forgotten keys are judged for each', () => {
    const policies = new Map([['a', { ...DEFAULT_REDACTION, recognisers: [STAFF] }]]);
    const policyOf = (tenant: string) => policies.get(tenant) ?? DEFAULT_REDACTION;
    const redactor = createRedactor({ keys: testKeys(), policyOf });
    expect(redactor.redactText('b', 'S123456')).toBe('S123456');
    expect(redactor.redactText('a', 'S123456')).toMatch(/^\[x_staff:/);
    const keyed = (tenant: string) =>
      redactor.redact({ ...eventWith({ attrs: { S123456: 1 } }), tenant: { id: tenant } }).attrs;
    expect(keyed('b')).toEqual({ S123456: 1 });
    expect(JSON.stringify(keyed('a'))).not.toContain('S123456');
  });

  it('is what an erasure of that value asks for', () => {
    const { redactor } = redactorOf([STAFF]);
    const token = redactor.redactText('acme', 'S123456');
    expect(redactor.tokensOf('acme', 'S123456')).toContain(token);
  });
});

describe('a pattern', () => {
  it.each(['(a)\\1', '(?=a)b', '(?<=a)b', '(', 'a{1,2000}'])(
    'of another syntax is refused: %s',
    (pattern) => expect(patternProblem(pattern)).toMatch(/RE2/),
  );

  it('that matches nothing at all, or is too large, is refused', () => {
    expect(patternProblem('a*')).toMatch(/empty/);
    expect(patternProblem('\\b')).toMatch(/empty/);
    expect(patternProblem('(?:[a-z]{1,200}-){1,5}')).toMatch(/instructions/);
    expect(patternProblem('EMP-[0-9]{4,8}')).toBeNull();
  });
});

describe('a text made for a pattern', () => {
  const PIECES = ['a', 'b', '.*', '(?:a|a)*b', 'a+', '[ab]{1,20}c', '|a', '(?:a?){9}', 'x?', '$'];

  /** Characters that searches were given: their work, whatever the machine's speed. */
  it('is looked at as often as the limits say for each character', { timeout: 60_000 }, () => {
    const units = fc.constantFrom('a', 'ab', 'aab', 'b', 'aaac');
    const patterns = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(patterns, units, (pieces, unit) => {
        const pattern = pieces.join('');
        fc.pre(patternProblem(pattern) === null);
        const looks = (chars: number): number => looksOf(pattern, unit.repeat(chars / unit.length));
        const size = compileRecognisers([{ ...STAFF, pattern }])[0]?.pattern.programSize() ?? 1;
        for (const chars of [1_000, 4_000]) {
          const most = (LIMITS.recogniserStepsPerChar * chars + 65_536) / size;
          expect(looks(chars)).toBeLessThanOrEqual(chars + most + 16 * STAFF.maxLength);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is not judged when it asks for more', () => {
    const rule = { pattern: 'a.*b|a', maxLength: 256 };
    expect(redacted('a'.repeat(3_000), rule)).toBe(REDACTION_FAILED);
    expect(redacted(`S123456 ${'a'.repeat(100)}`, {})).toMatch(/^\[x_staff:/);
  });
});

/** Counts what is cut out of the text for the matcher, and the text itself for its first look. */
function looksOf(pattern: string, text: string): number {
  const own = compileRecognisers([{ ...STAFF, pattern }]);
  const original = String.prototype.slice;
  let looks = text.length;
  String.prototype.slice = function slice(this: string, from?: number, to?: number): string {
    const cut = original.call(this, from, to);
    looks += cut.length;
    return cut;
  };
  try {
    customHits(text, 0, [], own);
  } catch {
    // Given up, which is what the limit is for.
  } finally {
    String.prototype.slice = original;
  }
  return looks;
}
