import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { OutboxRoom } from './outbox-room.ts';

const { outboxPending, outboxPerReceiver, outboxForRevoking, outboxReserved } = LIMITS;

describe('the room of an outbox', () => {
  it('ends for one receiver at its own limit, for what revokes last', () => {
    const room = new OutboxRoom();
    room.change('slow', outboxPerReceiver - outboxForRevoking);
    expect(room.isThere('slow', false)).toBe(false);
    expect(room.isThere('slow', true)).toBe(true);
    room.change('slow', outboxForRevoking);
    expect(room.isThere('slow', true)).toBe(false);
    expect(room.isThere('quick', false)).toBe(true);
  });

  it('always has a share for each receiver, however many others never answer', () => {
    const room = new OutboxRoom();
    for (let n = 0; room.owed < outboxPending; n += 1) room.change(`dead-${n}`, outboxPerReceiver);
    expect(room.isThere('quick', false)).toBe(true);
    room.change('quick', outboxReserved);
    expect(room.isThere('quick', true)).toBe(false);
    room.change('quick', -1);
    expect(room.isThere('quick', false)).toBe(true);
  });

  it('names who lacked it once, and once more when it is there again', () => {
    const room = new OutboxRoom();
    room.change('slow', outboxPerReceiver);
    expect([room.ranOut('slow'), room.ranOut('slow')]).toEqual([true, false]);
    expect(room.takeRoomy()).toEqual([]);
    room.change('slow', -outboxPerReceiver / 2);
    expect([room.takeRoomy(), room.takeRoomy()]).toEqual([['slow'], []]);
    expect(room.ranOut('slow')).toBe(true);
    room.forget('slow');
    expect(room.takeRoomy()).toEqual([]);
  });

  it('is there again for who used up its share while others hold the rest', () => {
    const room = new OutboxRoom();
    for (let n = 0; room.owed < outboxPending; n += 1) room.change(`dead-${n}`, outboxPerReceiver);
    room.change('quick', outboxReserved);
    room.ranOut('quick');
    room.change('quick', 1 - outboxReserved / 2);
    expect(room.takeRoomy()).toEqual([]);
    room.change('quick', -1);
    expect(room.takeRoomy()).toEqual(['quick']);
  });
});
