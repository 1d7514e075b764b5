import { describe, expect, it } from 'vitest';
import { PollQueue } from './poll-queue.ts';

const forever = new AbortController().signal;

describe('tokens that a receiver comes for', () => {
  it('are offered again until they are acknowledged, signed once', async () => {
    const queue = new PollQueue();
    let signatures = 0;
    const sign = async () => `token ${++signatures}`;
    const outcome = queue.offer('a', 0, sign, forever);
    expect(await queue.take(10)).toEqual({ a: 'token 1' });
    expect(await queue.take(10)).toEqual({ a: 'token 1' });
    queue.acknowledge('a');
    queue.acknowledge('a');
    queue.acknowledge('unknown');
    expect(await outcome).toEqual({ status: 'acknowledged' });
    expect(await queue.take(10)).toEqual({});
    expect(queue.size).toBe(0);
  });

  it('go by rank and then as they came, at most so many, and only those that may', async () => {
    const queue = new PollQueue();
    const ranks = { late: 2, first: 0, second: 0, middle: 1 };
    for (const [jti, rank] of Object.entries(ranks)) {
      void queue.offer(jti, rank, async () => jti, forever);
    }
    expect(Object.keys(await queue.take(3))).toEqual(['first', 'second', 'middle']);
    expect(Object.keys(await queue.take(0))).toEqual([]);
    expect(Object.keys(await queue.take(9, (jti) => jti !== 'first'))).toEqual([
      ...['second', 'middle', 'late'],
    ]);
  });

  it('are not offered again once refused, and the receiver’s word is passed on', async () => {
    const queue = new PollQueue();
    const outcome = queue.offer('a', 0, async () => 'token', forever);
    queue.refuse('a', 'invalid_request');
    expect(await outcome).toEqual({ status: 'rejected', detail: 'invalid_request' });
    expect(queue.has('a')).toBe(false);
  });

  it('are taken back by the signal, also one that had aborted before', async () => {
    const queue = new PollQueue();
    const stop = new AbortController();
    const outcome = queue.offer('a', 0, async () => 'token', stop.signal);
    stop.abort();
    expect(await outcome).toEqual({ status: 'retry', detail: 'aborted' });
    const late = queue.offer('b', 0, async () => 'token', stop.signal);
    expect(await late).toEqual({ status: 'retry', detail: 'aborted' });
    expect(queue.size).toBe(0);
  });

  it('survive that an older offer of the same jti is taken back', async () => {
    const queue = new PollQueue();
    const stop = new AbortController();
    const older = queue.offer('a', 0, async () => 'older', stop.signal);
    void queue.offer('a', 0, async () => 'newer', forever);
    stop.abort();
    await older;
    expect(await queue.take(1)).toEqual({ a: 'newer' });
  });

  it('wake whoever waits, and an aborted wait ends', async () => {
    const queue = new PollQueue();
    const arrived = queue.arrival(forever);
    void queue.offer('a', 0, async () => 'token', forever);
    await arrived;
    const stop = new AbortController();
    const waiting = queue.arrival(stop.signal);
    stop.abort();
    await waiting;
    await queue.arrival(stop.signal);
  });
});
