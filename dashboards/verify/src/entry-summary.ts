import type { EntryText } from '../../../src/export/check/entry-text.ts';

type Json = Readonly<Record<string, unknown>>;

/** An entry in a few words. Its body is a stranger's: nothing is taken for granted about it. */
export function summaryOf({ kind, body }: EntryText): { what: string; details: string } {
  const whole = parsed(body);
  const decision = isObject(whole['decision']) && kind !== 'input' ? whole['decision'] : whole;
  const key = isObject(decision['key'])
    ? `${word(decision['key'], 'kind')} ${word(decision['key'], 'id')}`
    : '';
  switch (kind) {
    case 'input': {
      const agent = member(whole, 'agent', 'id');
      const outcome = member(whole, 'outcome', 'status');
      const verdict = member(whole, 'decision', 'verdict');
      return {
        what: `${agent}: ${member(whole, 'action', 'name')}`,
        details: joined([
          member(whole, 'action', 'op'),
          [member(whole, 'resource', 'type'), member(whole, 'resource', 'id')]
            .filter(Boolean)
            .join(':'),
          verdict && `decision ${verdict}`,
          outcome,
        ]),
      };
    }
    case 'finding':
      return {
        what: word(decision, 'title'),
        details: joined([
          word(decision, 'detector'),
          word(decision, 'level'),
          `score ${word(decision, 'score')}`,
          word(decision, 'explanation'),
        ]),
      };
    case 'transition':
      return {
        what: `${key}: ${word(decision, 'from')} → ${word(decision, 'to')}`,
        details: joined([
          `level ${word(decision, 'level')}`,
          word(decision, 'reason'),
          word(decision, 'actor') && `by ${word(decision, 'actor')}`,
        ]),
      };
    case 'revocation':
      return {
        what: `revoked ${key}`,
        details: joined([word(decision, 'title'), word(decision, 'jti')]),
      };
    default:
      return {
        what: joined([word(whole, 'type') || word(decision, 'type'), key]),
        details: joined(
          ['receiver', 'status', 'actor', 'reason', 'verdict'].map((name) => word(whole, name)),
        ),
      };
  }
}

function parsed(body: string): Json {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function word(from: Json, name: string): string {
  const value = from[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function member(from: Json, name: string, inner: string): string {
  const value = from[name];
  return isObject(value) ? word(value, inner) : '';
}

function joined(words: readonly string[]): string {
  return words.filter((each) => each !== '').join(' · ');
}
