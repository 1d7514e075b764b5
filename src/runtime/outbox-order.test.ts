import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { settled } from './testing/fake-clock.ts';
import { orderOf, ScriptedReceiver } from './testing/fixtures.ts';
import { closing, held, other, RETRY, startOutbox } from './testing/started-outbox.ts';

describe('the order', () => {
  it('holds per key: never two at once, the newest after the one under way', async () => {
    const receiver = new ScriptedReceiver();
    const first = held();
    receiver.answers.push(first.promise);
    const { outbox, recorded } = startOutbox(receiver);
    outbox.send(orderOf());
    await settled();
    for (const epoch of [2, 3]) outbox.send(orderOf({ epoch }));
    await settled();
    expect(receiver.epochs).toEqual([1]);
    first.resolve({ status: 'acknowledged' });
    await settled();
    expect(receiver.epochs).toEqual([1, 3]);
    expect([receiver.mostAtOnce, outbox.unacknowledged]).toEqual([1, 0]);
    expect(recorded.map(({ body }) => ('epoch' in body ? body.epoch : null))).toEqual([1, 3]);
  });

  it('keeps keys and receivers out of each other’s way', async () => {
    const slow = new ScriptedReceiver('slow');
    const quick = new ScriptedReceiver('quick');
    slow.answers.push(held().promise);
    const { outbox } = startOutbox(slow, quick);
    outbox.send(orderOf());
    outbox.send(orderOf({ key: other('two'), jti: 'tc-1-2' }));
    await settled();
    expect(slow.deliveries.map(({ key }) => key.id)).toEqual(['bot', 'two']);
    expect([quick.epochs.length, outbox.unacknowledged]).toEqual([2, 1]);
  });

  it('does not make a later epoch wait out the pause of an earlier one', async () => {
    const receiver = new ScriptedReceiver();
    receiver.answers.push(...new Array(12).fill(RETRY));
    const { outbox, clock } = startOutbox(receiver);
    outbox.send(orderOf());
    await clock.advance(5 * 60_000);
    receiver.answers.length = 0;
    outbox.send(orderOf({ epoch: 2 }));
    await settled();
    expect(receiver.epochs.at(-1)).toBe(2);
    expect(outbox.unacknowledged).toBe(0);
  });

  it('sends the same revocation once, however often it is owed', async () => {
    const receiver = new ScriptedReceiver();
    receiver.answers.push(RETRY);
    const { outbox, clock } = startOutbox(receiver);
    outbox.send(orderOf());
    outbox.send(orderOf());
    await settled();
    outbox.send(orderOf());
    await clock.advance(LIMITS.deliveryBackoffFirstMs);
    expect(receiver.epochs).toEqual([1, 1]);
  });

  it('sends a closing alone where the opening was never sent', async () => {
    const receiver = new ScriptedReceiver();
    const gate = Promise.withResolvers<void>();
    receiver.ready = () => gate.promise;
    const { outbox } = startOutbox(receiver);
    outbox.send(orderOf());
    await settled();
    outbox.send(closing(2));
    expect(outbox.unacknowledged).toBe(1);
    gate.resolve();
    await settled();
    expect([receiver.epochs, outbox.unacknowledged]).toEqual([[2], 0]);
  });

  it('withholds what relaxes until the opening it may have heard of is answered', async () => {
    const receiver = new ScriptedReceiver();
    receiver.answers.push(RETRY, RETRY);
    const { outbox, clock, recorded } = startOutbox(receiver);
    outbox.send(orderOf());
    await settled();
    outbox.send(orderOf({ phase: 'open', level: 3, previousLevel: 4, epoch: 2 }));
    outbox.send(closing(3));
    await clock.advance(LIMITS.deliveryBackoffFirstMs);
    expect(receiver.epochs).toEqual([1, 1]);
    await clock.advance(2 * LIMITS.deliveryBackoffFirstMs);
    expect([receiver.epochs, outbox.unacknowledged]).toEqual([[1, 1, 1, 3], 0]);
    expect(recorded.map(({ body }) => ('epoch' in body ? body.epoch : null))).toEqual([1, 3]);
  });

  it('lets go of a withheld closing when the breaker opens again', async () => {
    const receiver = new ScriptedReceiver();
    receiver.answers.push(RETRY);
    const { outbox } = startOutbox(receiver);
    outbox.send(orderOf());
    await settled();
    outbox.send(closing(2));
    outbox.send(orderOf({ epoch: 3 }));
    await settled();
    expect([receiver.epochs, outbox.unacknowledged]).toEqual([[1, 3], 0]);
  });

  it('sends the closing of an opening that was refused', async () => {
    const receiver = new ScriptedReceiver();
    const first = held();
    receiver.answers.push(first.promise);
    const { outbox } = startOutbox(receiver);
    outbox.send(orderOf());
    await settled();
    outbox.send(closing(2));
    first.resolve({ status: 'rejected', detail: 'invalid_request' });
    await settled();
    expect([receiver.epochs, outbox.unacknowledged]).toEqual([[1, 2], 0]);
  });

  it('drops what is superseded by something that does not concern the receiver', async () => {
    const receiver = new ScriptedReceiver();
    receiver.concerns = ({ phase }) => phase !== 'closed';
    receiver.answers.push(RETRY);
    const { outbox, clock } = startOutbox(receiver);
    outbox.send(orderOf());
    await settled();
    const withdrawn: number[] = [];
    const told = Object.assign(receiver, {
      withdrawn: ({ epoch }: { readonly epoch: number }) => withdrawn.push(epoch),
    });
    outbox.send(closing(2));
    await clock.advance(60_000);
    expect([told.epochs, outbox.unacknowledged, withdrawn]).toEqual([[1], 0, [1]]);
    outbox.send(orderOf({ epoch: 3 }));
    await settled();
    expect(receiver.epochs).toEqual([1, 3]);
  });

  it('puts what revokes before what restrains, and what relaxes last', async () => {
    const receiver = new ScriptedReceiver();
    const busy = Array.from({ length: LIMITS.deliveriesAtOnce }, () => held());
    receiver.answers.push(...busy.map(({ promise }) => promise));
    const { outbox } = startOutbox(receiver);
    for (const [index] of busy.entries()) outbox.send(orderOf({ key: other(`busy-${index}`) }));
    outbox.send({ ...closing(2), key: other('closing') });
    outbox.send(orderOf({ key: other('throttle'), level: 1 }));
    outbox.send(orderOf({ key: other('suspend') }));
    await settled();
    for (const { resolve } of busy) {
      resolve({ status: 'acknowledged' });
      await settled();
    }
    const last = receiver.deliveries.slice(LIMITS.deliveriesAtOnce).map(({ key }) => key.id);
    expect(last).toEqual(['suspend', 'throttle', 'closing']);
  });
});

describe('receivers that come and go', () => {
  it('are owed nothing once they are gone, and what is sent once they are there', async () => {
    const { outbox, recorded } = startOutbox();
    outbox.send(orderOf());
    expect(outbox.unacknowledged).toBe(0);
    const late = new ScriptedReceiver('late');
    late.answers.push(RETRY);
    outbox.add(late);
    outbox.send(orderOf());
    await settled();
    expect(outbox.unacknowledged).toBe(1);
    outbox.remove('late');
    expect(outbox.unacknowledged).toBe(0);
    outbox.send(orderOf({ epoch: 2 }));
    await settled();
    expect([late.epochs, recorded]).toEqual([[1], []]);
  });

  it('may fetch: an attempt has no end but an answer or a newer order', async () => {
    const poller = new ScriptedReceiver('poller');
    poller.fetches = true;
    const fetched = held();
    poller.answers.push(held().promise, fetched.promise);
    const { outbox, clock } = startOutbox(poller);
    outbox.send(orderOf());
    await clock.advance(60 * 60_000);
    expect(poller.epochs).toEqual([1]);
    outbox.send(orderOf({ epoch: 2 }));
    await settled();
    expect(poller.epochs).toEqual([1, 2]);
    outbox.send(closing(3));
    await settled();
    expect(poller.epochs).toEqual([1, 2]);
    fetched.resolve({ status: 'acknowledged' });
    await settled();
    expect([poller.epochs, outbox.unacknowledged]).toEqual([[1, 2, 3], 0]);
  });

  it('are left alone while they are not ready, and told the newest then', async () => {
    const receiver = new ScriptedReceiver();
    const gate = Promise.withResolvers<void>();
    receiver.ready = () => gate.promise;
    const { outbox, clock } = startOutbox(receiver);
    outbox.send(orderOf());
    outbox.send(orderOf({ epoch: 2, level: 5 }));
    await clock.advance(60_000);
    expect([receiver.epochs.length, outbox.unacknowledged]).toEqual([0, 1]);
    gate.resolve();
    await settled();
    expect([receiver.epochs, outbox.unacknowledged]).toEqual([[2], 0]);
  });
});
