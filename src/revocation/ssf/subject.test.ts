import { describe, expect, it } from 'vitest';
import type { KeyKind } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { isAbout, isSubject, type Subject, subjectOf, subjectsMatch } from './subject.ts';

const ISS = 'https://transmitter.example/t/acme';
const bot = { format: 'iss_sub', iss: ISS, sub: 'invoice-bot' };
const other = { ...bot, sub: 'mail-sorter' };
const session = { format: 'opaque', id: 's-91' };
const tenant = { format: 'opaque', id: 'acme' };
const complex = (parts: object): Subject => ({ format: 'complex', ...parts });

describe('whether subjects match (SSF 1.0 section 8.1.3.1)', () => {
  it('takes simple ones that are identical, in whatever order their members stand', () => {
    expect(subjectsMatch(bot, { sub: 'invoice-bot', iss: ISS, format: 'iss_sub' })).toBe(true);
    expect(subjectsMatch(bot, other)).toBe(false);
    expect(subjectsMatch(bot, { ...bot, iss: 'https://elsewhere.example' })).toBe(false);
    expect(subjectsMatch(bot, { format: 'opaque', id: 'invoice-bot' })).toBe(false);
    expect(subjectsMatch(session, { ...session, more: 'members' })).toBe(false);
  });

  it('takes a part that one side leaves out for a wildcard', () => {
    const whole = complex({ user: bot, session, tenant });
    expect(subjectsMatch(whole, complex({ user: bot }))).toBe(true);
    expect(subjectsMatch(complex({ tenant }), whole)).toBe(true);
    expect(subjectsMatch(complex({ session }), complex({ tenant }))).toBe(true);
    expect(subjectsMatch(whole, complex({ user: other }))).toBe(false);
    expect(subjectsMatch(whole, complex({ user: bot, tenant: { ...tenant, id: 'b' } }))).toBe(
      false,
    );
  });

  it('matches the same either way round, and never a simple one with a complex one', () => {
    const all = [bot, other, session, complex({ user: bot }), complex({ user: other, tenant })];
    for (const left of all) {
      for (const right of all) {
        expect(subjectsMatch(left, right)).toBe(subjectsMatch(right, left));
      }
      expect(subjectsMatch(left, left)).toBe(true);
    }
    expect(subjectsMatch(bot, complex({ user: bot }))).toBe(false);
  });
});

describe('the subject of a breaker', () => {
  const key = (kind: KeyKind, id: string) =>
    ({ key: { tenant: 'acme', kind, id }, agent: null }) as const;
  const told = (kind: KeyKind, id: string) => ({ ...key(kind, id), agent: 'invoice-bot' });
  const token = { format: 'jwt_id', iss: ISS, jti: 't-1' };

  it('is the narrowest standard one, and never the agent for one of its sessions or tokens', () => {
    expect(subjectOf(key('agent', 'invoice-bot'), ISS)).toEqual(bot);
    expect(subjectOf(key('session', 's-91'), ISS)).toEqual(complex({ session, tenant }));
    expect(subjectOf(key('tenant', 'acme'), ISS)).toEqual(complex({ tenant }));
    const own = complex({ user: bot, session, tenant });
    expect(subjectOf(told('session', 's-91'), ISS)).toEqual(own);
    for (const profile of ['iss_sub', 'complex'] as const) {
      expect(subjectOf(told('token', 't-1'), ISS, profile)).toEqual(token);
      expect(subjectOf(key('token', 't-1'), ISS, profile)).toEqual(token);
    }
  });

  it('names every part that is known where receivers want it complex', () => {
    const own = complex({ user: bot, session, tenant });
    expect(subjectOf(told('session', 's-91'), ISS, 'complex')).toEqual(own);
    expect(subjectOf(key('agent', 'invoice-bot'), ISS, 'complex')).toEqual(
      complex({ user: bot, tenant }),
    );
  });

  it('is what a receiver means that has named its agent, but no other session of it', () => {
    for (const profile of ['iss_sub', 'complex'] as const) {
      for (const order of [told('session', 's-91'), told('token', 't-1')]) {
        expect(isAbout(order, ISS, profile, bot)).toBe(true);
        expect(isAbout(order, ISS, profile, complex({ user: bot }))).toBe(true);
        expect(isAbout(order, ISS, profile, other)).toBe(false);
        const elsewhere = complex({ user: bot, session: { ...session, id: 's-1' } });
        expect(isAbout(order, ISS, profile, elsewhere)).toBe(false);
      }
      expect(isAbout(told('session', 's-91'), ISS, profile, complex({ session }))).toBe(true);
    }
    expect(isAbout(key('agent', 'invoice-bot'), ISS, 'iss_sub', complex({ session }))).toBe(false);
  });
});

describe('what receivers may send as a subject', () => {
  it.each([bot, session, complex({ user: bot })])('takes $format', (subject) => {
    expect(isSubject(subject)).toBe(true);
  });
  it('takes aliases within a complex one, and nothing deeper or longer', () => {
    const aliases = { format: 'aliases', identifiers: [bot, session] };
    expect(isSubject(complex({ user: aliases, tenant }))).toBe(true);
    expect(isSubject(complex({ user: { ...aliases, identifiers: [aliases] } }))).toBe(false);
    const deep = `{"format":"complex","user":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    expect(isSubject(JSON.parse(deep))).toBe(false);
    expect(isSubject({ ...bot, sub: 'x'.repeat(LIMITS.streamSubjectChars) })).toBe(false);
  });
  it.each([null, 'nobody', [], {}, { format: 'opaque' }, { format: 1, id: 'x' }, { id: 'x' }])(
    'refuses %j',
    (value) => {
      expect(isSubject(value)).toBe(false);
    },
  );
});
