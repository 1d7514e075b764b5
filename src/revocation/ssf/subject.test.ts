import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { isSubject, type Subject, subjectOf, subjectsMatch } from './subject.ts';

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
  const key = (kind: 'agent' | 'session' | 'token' | 'tenant', id: string) =>
    ({ key: { tenant: 'acme', kind, id }, agent: null }) as const;

  it('is the agent where one is known, else the narrowest standard one', () => {
    expect(subjectOf(key('agent', 'invoice-bot'), ISS)).toEqual(bot);
    expect(subjectOf({ ...key('session', 's-91'), agent: 'invoice-bot' }, ISS)).toEqual(bot);
    expect(subjectOf(key('token', 't-1'), ISS)).toEqual({ format: 'jwt_id', iss: ISS, jti: 't-1' });
    expect(subjectOf(key('session', 's-91'), ISS)).toEqual(complex({ session, tenant }));
    expect(subjectOf(key('tenant', 'acme'), ISS)).toEqual(complex({ tenant }));
  });

  it('names every part that is known where receivers want it complex', () => {
    const told = { ...key('session', 's-91'), agent: 'invoice-bot' };
    expect(subjectOf(told, ISS, 'complex')).toEqual(complex({ user: bot, session, tenant }));
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
