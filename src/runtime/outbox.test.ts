import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { settled } from './testing/fake-clock.ts';
import { BOT, orderOf, ScriptedReceiver } from './testing/fixtures.ts';
import { closing, held, other, RETRY, startOutbox } from './testing/started-outbox.ts';

describe('delivering', () => {
  it('goes to each receiver that has not acknowledged, and records the answer', async () => {
    const ours = new ScriptedReceiver('ours', ['acme']);
    const theirs = new ScriptedReceiver('theirs', ['globex']);
    const done = new ScriptedReceiver('done');
    const { outbox, recorded, metrics } = startOutbox(ours, theirs, done);
    expect(outbox.receiversOf(orderOf())).toEqual(['ours', 'done']);
    outbox.send(orderOf(), ['done']);
    expect(outbox.unacknowledged).toBe(1);
    expect(metrics.values.get('tripcoil_revocations_unacked ours')).toBe(1);
    await settled();
    expect([ours, theirs, done].map(({ epochs }) => epochs.length)).toEqual([1, 0, 0]);
    const body = { receiver: 'ours', jti: 'tc-1-1', key: BOT, term: 1, epoch: 1 };
    expect(recorded).toEqual([{ kind: 'ack', tenant: 'acme', body }]);
    expect(outbox.unacknowledged).toBe(0);
    expect(metrics.values.get('tripcoil_revocations_unacked ours')).toBe(0);
  });

  it('reaches every receiver with a global stop', () => {
    const { outbox } = startOutbox(new ScriptedReceiver('ours', ['acme']));
    const key = { tenant: '_system', kind: 'global', id: 'global' } as const;
    expect(outbox.receiversOf(orderOf({ key }))).toEqual(['ours']);
    outbox.send(orderOf({ key }));
    expect(outbox.unacknowledged).toBe(1);
  });

  it('lets feeds go first in a burst where each delivery is dear', async () => {
    const [dear, cheap] = [new ScriptedReceiver('dear'), new ScriptedReceiver('cheap')];
    dear.afterFeeds = true;
    const { outbox, clock } = startOutbox(dear, cheap);
    const most = LIMITS.burstOrders;
    for (let n = 1; n < most; n += 1) outbox.send(orderOf({ key: other(`a${n}`) }));
    await settled();
    for (let n = 0; n <= most; n += 1) outbox.send(orderOf({ key: other(`b${n}`) }));
    await settled();
    expect(cheap.epochs).toHaveLength(2 * most);
    expect(dear.epochs).toHaveLength(most - 1);
    await clock.advance(LIMITS.burstMs);
    expect(dear.epochs).toHaveLength(2 * most);
  });

  it('waits for no feed that nobody follows', async () => {
    const dear = new ScriptedReceiver('dear');
    dear.afterFeeds = true;
    const { outbox, state } = startOutbox(dear);
    state.followed = false;
    const most = LIMITS.burstOrders;
    for (let n = 0; n < most; n += 1) outbox.send(orderOf({ key: other(`a${n}`) }));
    await settled();
    expect(dear.epochs).toHaveLength(most);
  });

  it('retries with growing pauses until it is acknowledged', async () => {
    const receiver = new ScriptedReceiver();
    receiver.answers.push(RETRY, RETRY, RETRY);
    const { outbox, clock, recorded, log } = startOutbox(receiver);
    outbox.send(orderOf());
    await clock.advance(99);
    expect(receiver.epochs).toHaveLength(1);
    await clock.advance(1);
    expect(receiver.epochs).toHaveLength(2);
    await clock.advance(199);
    expect(receiver.epochs).toHaveLength(2);
    await clock.advance(1);
    expect(receiver.epochs).toHaveLength(3);
    await clock.advance(400);
    expect(receiver.epochs).toHaveLength(4);
    expect(recorded).toHaveLength(1);
    expect(log.lines).toEqual(['warn revocation not delivered yet, retrying']);
  });

  it('never waits longer than the longest pause', async () => {
    const receiver = new ScriptedReceiver();
    receiver.answers.push(...new Array(40).fill(RETRY));
    const { outbox, clock } = startOutbox(receiver);
    outbox.send(orderOf());
    await clock.advance(10 * 60_000);
    const before = receiver.epochs.length;
    await clock.advance(LIMITS.deliveryBackoffMaxMs);
    expect(receiver.epochs).toHaveLength(before + 1);
  });

  it('waits as long as a receiver asks', async () => {
    const receiver = new ScriptedReceiver();
    receiver.answers.push({ ...RETRY, afterMs: 90_000 });
    const { outbox, clock } = startOutbox(receiver);
    outbox.send(orderOf());
    await clock.advance(89_999);
    expect(receiver.epochs).toHaveLength(1);
    await clock.advance(1);
    expect([receiver.epochs.length, outbox.unacknowledged]).toEqual([2, 0]);
  });

  it('gives an attempt its time and no more', async () => {
    const receiver = new ScriptedReceiver();
    receiver.answers.push(held().promise);
    const { outbox, clock } = startOutbox(receiver);
    outbox.send(orderOf());
    await clock.advance(LIMITS.deliveryTimeoutMs);
    expect(outbox.unacknowledged).toBe(1);
    await clock.advance(LIMITS.deliveryBackoffFirstMs);
    expect([receiver.epochs.length, outbox.unacknowledged]).toEqual([2, 0]);
  });

  it('gives an attempt the time that its receiver needs', async () => {
    const receiver = new ScriptedReceiver();
    const answer = held();
    receiver.answers.push(answer.promise);
    receiver.attemptMs = 10_000;
    const { outbox, clock } = startOutbox(receiver);
    outbox.send(orderOf());
    await clock.advance(9_999);
    answer.resolve({ status: 'acknowledged' });
    await settled();
    expect([receiver.epochs.length, outbox.unacknowledged]).toEqual([1, 0]);
  });

  it('takes a receiver that throws for one that did not answer', async () => {
    const receiver = new ScriptedReceiver();
    receiver.answers.push(Promise.reject(new Error('bug')));
    const { outbox, clock } = startOutbox(receiver);
    outbox.send(orderOf());
    await clock.advance(LIMITS.deliveryBackoffFirstMs);
    expect(outbox.unacknowledged).toBe(0);
  });

  it('records a refusal, says so, and does not repeat itself', async () => {
    const receiver = new ScriptedReceiver();
    receiver.answers.push({ status: 'rejected', detail: 'invalid_key' });
    const { outbox, clock, recorded, log } = startOutbox(receiver);
    outbox.send(orderOf());
    await clock.advance(60_000);
    expect(receiver.epochs).toHaveLength(1);
    const body = { receiver: 'gateway', jti: 'tc-1-1', status: 'rejected', detail: 'invalid_key' };
    expect(recorded).toEqual([{ kind: 'delivery', tenant: 'acme', body }]);
    expect(log.lines).toEqual(['error receiver rejected a revocation; it will not obey it']);
  });
});

describe('while the disk refuses', () => {
  it('delivers on, and records the answers once the disk works', async () => {
    const receiver = new ScriptedReceiver();
    const { outbox, clock, recorded, state } = startOutbox(receiver);
    state.refuses = true;
    outbox.send(orderOf());
    outbox.send(orderOf({ key: other('two') }));
    await clock.advance(60_000);
    expect([receiver.epochs.length, recorded.length]).toEqual([2, 0]);
    state.refuses = false;
    await clock.advance(LIMITS.deliveryBackoffMaxMs);
    expect(recorded.map(({ kind }) => kind)).toEqual(['ack', 'ack']);
  });

  it('stops without them', async () => {
    const { outbox, recorded, state } = startOutbox(new ScriptedReceiver());
    state.refuses = true;
    outbox.send(orderOf());
    await settled();
    await outbox.close();
    expect(recorded).toEqual([]);
  });
});

describe('a full outbox', { timeout: 30_000 }, () => {
  it('says so once and asks for the rest when it has room', async () => {
    const receiver = new ScriptedReceiver();
    const { outbox, log, state } = startOutbox(receiver);
    receiver.answers.push(...Array.from({ length: 100 }, () => held().promise));
    receiver.concerns = ({ phase }) => phase !== 'closed';
    for (let index = 0; index < LIMITS.outboxPerReceiver + 2; index += 1) {
      outbox.send(orderOf({ key: other(`bot-${index}`), jti: `tc-${index}` }));
    }
    await settled();
    expect(outbox.unacknowledged).toBe(LIMITS.outboxPerReceiver);
    expect(receiver.deliveries).toHaveLength(LIMITS.deliveriesAtOnce);
    const full = 'error outbox full: more revocations wait in the ledger until it has room';
    expect(log.lines).toEqual([full]);
    expect(state.resumed).toEqual([]);
    for (let index = 0; index < LIMITS.outboxPerReceiver / 2; index += 1) {
      outbox.send({ ...closing(2), key: other(`bot-${index}`) });
    }
    expect(outbox.unacknowledged).toBe(LIMITS.outboxPerReceiver / 2);
    expect(state.resumed).toEqual(['gateway']);
    await outbox.close();
  });

  it('of one receiver that never answers keeps nobody else from being told', async () => {
    const dead = new ScriptedReceiver('dead', ['globex']);
    dead.ready = () => new Promise(() => undefined);
    const live = new ScriptedReceiver('live', ['acme']);
    const { outbox, log } = startOutbox(dead, live);
    for (let index = 0; index <= LIMITS.outboxPerReceiver; index += 1) {
      outbox.send(orderOf({ key: { ...other(`s-${index}`), tenant: 'globex' } }));
    }
    expect(log.fields).toEqual([{ receiver: 'dead', pending: LIMITS.outboxPerReceiver }]);
    outbox.send(orderOf());
    await settled();
    expect(live.epochs).toEqual([1]);
  });

  it('has room for what revokes where nothing else has any', () => {
    const receiver = new ScriptedReceiver();
    receiver.ready = () => new Promise(() => undefined);
    const { outbox } = startOutbox(receiver);
    for (let index = 0; index < LIMITS.outboxPerReceiver; index += 1) {
      outbox.send(orderOf({ key: other(`bot-${index}`), level: 1 }));
    }
    const light = LIMITS.outboxPerReceiver - LIMITS.outboxForRevoking;
    expect(outbox.unacknowledged).toBe(light);
    outbox.send(orderOf({ key: other('grave') }));
    expect(outbox.unacknowledged).toBe(light + 1);
  });

  it('closes without delivering what waits for its turn', async () => {
    const receiver = new ScriptedReceiver();
    const attempts = Array.from({ length: 200 }, () => held().promise);
    receiver.answers.push(...attempts);
    const { outbox } = startOutbox(receiver);
    for (let index = 0; index < 200; index += 1) {
      outbox.send(orderOf({ key: other(`bot-${index}`) }));
    }
    await settled();
    await outbox.close();
    expect(receiver.deliveries).toHaveLength(LIMITS.deliveriesAtOnce);
    expect(outbox.unacknowledged).toBe(200);
  });
});

describe('closing', () => {
  it('interrupts attempts and pauses, and records what was just acknowledged', async () => {
    const receiver = new ScriptedReceiver();
    const done = held();
    receiver.answers.push(held().promise, RETRY, done.promise);
    const { outbox, recorded, clock } = startOutbox(receiver);
    outbox.send(orderOf());
    outbox.send(orderOf({ key: other('pausing') }));
    await settled();
    outbox.send(orderOf({ key: other('done') }));
    await settled();
    done.resolve({ status: 'acknowledged' });
    await Promise.all([outbox.close(), outbox.close()]);
    expect(clock.sleeping).toBe(0);
    outbox.send(orderOf({ key: other('late') }));
    await settled();
    expect(receiver.deliveries.map(({ key }) => key.id)).toEqual(['bot', 'pausing', 'done']);
    expect(recorded).toHaveLength(1);
    expect(outbox.unacknowledged).toBe(2);
  });

  it('does not wait for a receiver that ignores its signal', async () => {
    const deaf = { name: 'deaf', tenants: '*', deliver: () => held().promise } as const;
    const { outbox, clock } = startOutbox(deaf as unknown as ScriptedReceiver);
    outbox.send(orderOf());
    await settled();
    let closed = false;
    const closing = outbox.close().then(() => {
      closed = true;
    });
    await settled();
    expect(closed).toBe(false);
    await clock.advance(LIMITS.deliveryTimeoutMs);
    await closing;
  });
});
