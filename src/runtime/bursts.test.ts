import { expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { Bursts } from './bursts.ts';
import { FakeClock, settled } from './testing/fake-clock.ts';

function start(orders: number) {
  const clock = new FakeClock(0);
  const stop = new AbortController();
  const bursts = new Bursts(clock, stop.signal);
  for (let order = 0; order < orders; order += 1) bursts.note();
  let isOver = false;
  const over = bursts.over().then(() => {
    isOver = true;
  });
  return { clock, stop, bursts, over, isOver: () => isOver };
}

it('lets few orders go at once', async () => {
  const { over } = start(LIMITS.burstOrders - 1);
  await over;
});

it('waits until fewer come', async () => {
  const { clock, isOver, over } = start(LIMITS.burstOrders);
  await clock.advance(LIMITS.burstMs - LIMITS.burstLookMs);
  expect(isOver()).toBe(false);
  await clock.advance(2 * LIMITS.burstLookMs);
  await over;
});

it('waits no longer than it may, though more keep coming', async () => {
  const { clock, bursts, isOver } = start(LIMITS.burstOrders);
  for (let ms = 0; ms < LIMITS.burstWaitMs; ms += 1) {
    expect(isOver()).toBe(false);
    bursts.note();
    await clock.advance(1);
  }
  expect(isOver()).toBe(true);
  expect(clock.sleeping).toBe(0);
});

it('waits for nothing once deliveries end', async () => {
  const { stop, over } = start(LIMITS.burstOrders);
  await settled();
  stop.abort();
  await over;
});
