import { describe, expect, it } from 'vitest';
import type { Destination } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { scenario } from '../detect/testing/scenario.ts';
import { createPractice, PracticeReading, restorePractice, snapshotPractice } from './practice.ts';

const own = () => createPractice(LIMITS.practiceSlotsPerAgent);
const peers = () => createPractice(LIMITS.practiceSlotsPerGroup);
const agent = scenario('acme').agent('bot');
const BOB: Destination = { type: 'email', value: '[email:k:bob]' };

function read(practice: ReturnType<typeof own>, group: ReturnType<typeof own>, session: string) {
  const event = agent
    .session(session)
    .having({ destinations: [BOB] })
    .calls('send', 'write');
  return new PracticeReading(practice, group, event);
}

describe('PracticeReading', () => {
  it('takes the word of peers once two of their sessions did it', () => {
    const group = peers();
    for (const [index, known] of [[], [BOB]].entries()) {
      const first = read(own(), group, `s-${index}`);
      first.keepNote();
      first.learn('trusted');
      const other = read(own(), group, 's-other');
      expect(other.firstSeen).toEqual(known.length === 0 ? [BOB] : []);
      expect(other.usesTool).toBe(known.length > 0);
    }
  });

  it('takes a destination imported under suspicion for one of its task alone', () => {
    const [practice, group] = [own(), peers()];
    const sends = (session: string, text: string) =>
      agent
        .session(session)
        .having({ destinations: [BOB], intent: { text } })
        .calls('send', 'write');
    const teach = (session: string, text: string) => {
      const reading = new PracticeReading(practice, group, sends(session, text));
      reading.keepNote();
      reading.learn('imported_suspect');
    };
    const newIn = (text: string) =>
      new PracticeReading(practice, group, sends('s-now', text)).firstSeen.length > 0;
    teach('s-1', 'pay the rent');
    expect([newIn('pay the rent'), newIn('book a room')]).toEqual([false, true]);
    teach('s-2', 'pay the rent');
    teach('s-3', 'pay the rent');
    expect(newIn('book a room')).toBe(false);
  });

  it('asks for a share of the sessions of a task that was often done without', () => {
    const [practice, group] = [own(), peers()];
    const reading = (session: string, destinations: readonly Destination[]) =>
      new PracticeReading(
        practice,
        group,
        agent
          .session(session)
          .having({ destinations, intent: { text: 'pay the rent' } })
          .calls('send', 'write'),
      );
    for (let index = 0; index < 7; index += 1) {
      const honest = reading(`s-${index}`, []);
      honest.keepNote();
      honest.learn('trusted');
    }
    const injected = reading('s-injected', [BOB]);
    injected.keepNote();
    injected.learn('imported_suspect');
    expect(reading('s-now', [BOB]).firstSeen).toEqual([BOB]);
  });

  it('bounds what one session teaches, and the tasks it remembers', () => {
    const practice = own();
    for (let index = 0; index < 1_000; index += 1) {
      const event = agent.session('s-1').calls(`tool_${index}`, 'write');
      const reading = new PracticeReading(practice, null, event);
      reading.keepNote();
      reading.learn('trusted');
    }
    expect(practice.facts.size).toBe(LIMITS.practiceEventsPerSession);
    for (let index = 0; index < 100; index += 1) read(practice, peers(), `s-${index}`).keepNote();
    expect(practice.notes.length).toBe(LIMITS.practiceNotesPerAgent);
  });

  it('says nothing of coverage where scopes cannot be compared with tools', () => {
    const practice = own();
    const granted = (...scopes: string[]) =>
      new PracticeReading(practice, null, agent.scopes(scopes).calls('send', 'write')).covered;
    expect(granted('mail.send')).toBeNull();
    expect(granted('send')).toBe(true);
    const reading = new PracticeReading(practice, null, agent.calls('archive', 'write'));
    reading.keepNote();
    reading.learn('trusted');
    expect(granted('archive')).toBe(false);
  });

  it('survives a restart', () => {
    const practice = own();
    const first = read(practice, peers(), 's-1');
    first.keepNote();
    first.learn('trusted');
    const text = JSON.stringify(snapshotPractice(practice));
    const restored = restorePractice(LIMITS.practiceSlotsPerAgent, JSON.parse(text));
    expect(restored.sessions).toBe(1);
    expect(JSON.stringify(snapshotPractice(restored))).toBe(text);
  });
});
