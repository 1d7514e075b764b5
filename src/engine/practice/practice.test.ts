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
      first.learn({ suspect: false });
      const other = read(own(), group, 's-other');
      expect(other.firstSeen).toEqual(known.length === 0 ? [BOB] : []);
      expect(other.usesTool).toBe(known.length > 0);
    }
  });

  it('bounds what one session teaches, and the tasks it remembers', () => {
    const practice = own();
    for (let index = 0; index < 1_000; index += 1) {
      const event = agent.session('s-1').calls(`tool_${index}`, 'write');
      const reading = new PracticeReading(practice, null, event);
      reading.keepNote();
      reading.learn({ suspect: false });
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
    reading.learn({ suspect: false });
    expect(granted('archive')).toBe(false);
  });

  it('survives a restart', () => {
    const practice = own();
    const first = read(practice, peers(), 's-1');
    first.keepNote();
    first.learn({ suspect: false });
    const text = JSON.stringify(snapshotPractice(practice));
    const restored = restorePractice(LIMITS.practiceSlotsPerAgent, JSON.parse(text));
    expect(restored.sessions).toBe(1);
    expect(JSON.stringify(snapshotPractice(restored))).toBe(text);
  });
});
