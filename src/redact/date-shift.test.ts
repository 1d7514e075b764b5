import { describe, expect, it } from 'vitest';
import { DEFAULT_REDACTION, type RedactionPolicy } from '../core/redaction-policy.ts';
import { DAY_MS } from '../core/time.ts';
import { shiftedDate } from './date-shift.ts';
import { fixedPseudonymKeys } from './pseudonym-keys.ts';
import { createRedactor } from './redactor.ts';
import { eventWith, testKeys } from './testing/events.ts';

describe('shiftedDate', () => {
  it.each([
    ['1980-12-30', '1981-01-04'],
    ['1980/12/30 at noon', '1981/01/04 at noon'],
    ['19801230', '19810104'],
    ['30.12.1980', '04.01.1981'],
    ['3.1.1980', '8.1.1980'],
    ['30/12/1980', '04/01/1981'],
    ['12-30-1980', '01-04-1981'],
    ['30 December 1980', '04 January 1981'],
    ['Dec 30, 1980', 'Jan 04, 1981'],
    ['January 3, 1980', 'January 8, 1980'],
  ])('moves %s as it is written', (text, moved) => {
    expect(shiftedDate(text, 5)).toBe(moved);
    if (!/^\d\d[-/]/.test(text)) expect(shiftedDate(moved, -5)).toBe(text);
  });

  it.each(['02/03/1980', '1980-02-30', '31.04.1980', '30 Octobre 1980', 'yesterday', '1980'])(
    'leaves what is no certain day: %s',
    (text) => expect(shiftedDate(text, 5)).toBeNull(),
  );
});

describe('dates of birth', () => {
  const argumentsOf = (modes: RedactionPolicy['modes'], value: object, sub = 'alice') => {
    const policy = { ...DEFAULT_REDACTION, modes };
    const redactor = createRedactor({ keys: testKeys(), policyOf: () => policy });
    const action = { name: 'call', op: 'write' as const, arguments: value as never };
    const { action: out } = redactor.redact(eventWith({ action, principal: { sub } }));
    return out.arguments as Readonly<Record<string, string>>;
  };
  const value = { date_of_birth: '1980-12-30', note: 'born 30.12.1980, met on 2026-01-02', x: 1 };

  it('are masked under their keys and tokens in texts unless a mode says otherwise', () => {
    const { date_of_birth, note } = argumentsOf({}, value);
    expect(date_of_birth).toBe('[secret:birth_date]');
    expect(note).toMatch(/^born \[date:[^\]]+\], met on 2026-01-02$/);
    expect(argumentsOf({ date: 'drop' }, value)).toMatchObject({ date_of_birth: '' });
  });

  it('move together for one principal, under keys and in texts, and apart for another', () => {
    const modes = { date: 'date_shift' } as const;
    const { date_of_birth = '', note = '' } = argumentsOf(modes, value);
    const moved = Date.parse(date_of_birth) - Date.parse('1980-12-30');
    expect(Math.abs(moved / DAY_MS)).toBeGreaterThanOrEqual(1);
    expect(Math.abs(moved / DAY_MS)).toBeLessThanOrEqual(182);
    const [year, month, day] = date_of_birth.split('-');
    expect(note).toBe(`born ${day}.${month}.${year}, met on 2026-01-02`);
    const others = ['bob', 'carol', 'dave'].map((sub) => argumentsOf(modes, value, sub));
    expect(others.some((other) => other['date_of_birth'] !== date_of_birth)).toBe(true);
  });

  it('move by as much after a rotation of keys', () => {
    const policy: RedactionPolicy = { ...DEFAULT_REDACTION, modes: { date: 'date_shift' } };
    const keys = testKeys();
    const first = keys.pseudonymKey('acme');
    const next = { id: 'next', secret: Buffer.alloc(32, 7) };
    const out = [
      { current: first, previous: null, identifiers: first },
      { current: next, previous: first, identifiers: first },
      { current: next, previous: null, identifiers: first },
    ].map((held) => {
      const pseudonymKeys = { ...fixedPseudonymKeys(keys), of: () => held };
      const redactor = createRedactor({ keys, pseudonymKeys, policyOf: () => policy });
      const principal = { sub: 'alice@example.com' };
      return redactor.redact(eventWith({ principal, attrs: { dob: '1980-02-03' } })).attrs['dob'];
    });
    expect(out[0]).toMatch(/^19\d\d-/);
    expect(new Set(out).size).toBe(1);
  });

  it('become tokens where their order cannot be told, and masks where they are no text', () => {
    const odd = { dob: '02/03/1980', birth_date: { year: 1980 } };
    const out = argumentsOf({ date: 'date_shift' }, odd);
    expect(out['dob']).toMatch(/^\[date:/);
    expect(JSON.stringify(out)).not.toContain('1980');
  });
});
