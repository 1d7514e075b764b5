import { describe, expect, it } from 'vitest';
import { type Hash, hashOf } from '../../core/hash.ts';
import { LIMITS } from '../../core/limits.ts';
import { mergePractices } from './merge-practice.ts';
import { createPractice, type PracticeState, snapshotPractice } from './practice.ts';
import { createNote } from './session-note.ts';

const LIMIT = LIMITS.practiceSlotsPerAgent;

function practised(facts: Readonly<Record<string, number>>, sessions = 1): PracticeState {
  const practice = createPractice(LIMIT);
  practice.sessions = sessions;
  for (const [fact, times] of Object.entries(facts)) {
    for (let time = 0; time < times; time += 1) {
      practice.facts.add(hashOf(fact), hashOf(`${fact} ${time}`));
    }
  }
  return practice;
}

function counts(practice: PracticeState, ...facts: readonly string[]): readonly number[] {
  return facts.map((fact) => practice.facts.count(hashOf(fact)));
}

describe('two practices', () => {
  it('merge to what either did, sessions added up, and stay as they are', () => {
    const one = practised({ read: 3, mail: 1 }, 3);
    const other = practised({ read: 2, pay: 4 }, 4);
    const before = JSON.stringify([snapshotPractice(one), snapshotPractice(other)]);
    for (const merged of [mergePractices(one, other), mergePractices(other, one)]) {
      expect(counts(merged, 'read', 'mail', 'pay', 'steal')).toEqual([5, 1, 4, 0]);
      expect([merged.facts.size, merged.sessions]).toEqual([3, 7]);
    }
    expect(JSON.stringify([snapshotPractice(one), snapshotPractice(other)])).toBe(before);
  });

  it('merge to the other where one is empty', () => {
    const known = practised({ read: 3, mail: 1 }, 3);
    known.notes.push(createNote(hashOf('s')));
    for (const merged of [
      mergePractices(known, createPractice(LIMIT)),
      mergePractices(createPractice(LIMIT), known),
    ]) {
      expect(counts(merged, 'read', 'mail')).toEqual([3, 1]);
      expect(merged.notes).toEqual(known.notes);
      expect(merged.notes[0]).not.toBe(known.notes[0]);
    }
  });

  it('stay within the limit, and keep what is done every day', () => {
    const daily: Record<string, number> = { read: 50 };
    for (let rare = 0; rare < 700; rare += 1) daily[`a${rare}`] = 1;
    const others: Record<string, number> = { pay: 40 };
    for (let rare = 0; rare < 700; rare += 1) others[`b${rare}`] = 1;
    let merged = mergePractices(practised(daily), practised(others));
    expect(counts(merged, 'read', 'pay')).toEqual([50, 40]);
    for (let time = 0; time < 20; time += 1) merged = mergePractices(merged, merged);
    expect(merged.facts.size).toBeLessThanOrEqual(0.75 * LIMIT);
    expect(counts(merged, 'read')).toEqual([0x3fff]);
    expect(merged.sessions).toBeLessThanOrEqual(LIMITS.practiceSessionsMax);
  });

  it('keep one note of a session, the own ones last', () => {
    const session = (name: string): Hash => hashOf(name);
    const one = createPractice(LIMIT);
    const other = createPractice(LIMIT);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) one.notes.push(createNote(session(name)));
    for (const name of ['x', 'y', 'z', 'a']) other.notes.push(createNote(session(name)));
    const names = mergePractices(one, other).notes.map(({ session: { low } }) => low);
    expect(names).toEqual(
      ['y', 'z', 'a', 'b', 'c', 'd', 'e', 'f'].map((name) => session(name).low),
    );
  });
});
