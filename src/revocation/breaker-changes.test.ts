import { expect, it } from 'vitest';
import { BreakerChanges } from './breaker-changes.ts';
import { waitSecondsOf } from './long-poll.ts';
import { createFakeClock, createFakeView } from './testing/fakes.ts';

const key = (tenant: string) => ({ tenant, kind: 'agent', id: 'a' }) as const;

it('BreakerChanges has another version after a change, and wakes who waits', async () => {
  const view = createFakeView();
  const clock = createFakeClock();
  const changes = new BreakerChanges(view, clock);
  const [acme, globex] = [changes.version('acme'), changes.version('globex')];
  const never = new AbortController().signal;
  const waiting = changes.next('acme', 30_000, never);
  view.trip(key('globex'), 4);
  expect(clock.sleepers).toBe(1);
  view.trip(key('acme'), 4);
  await waiting;
  expect(clock.sleepers).toBe(0);
  expect([changes.version('acme') === acme, changes.version('globex') === globex]).toEqual([
    false,
    false,
  ]);
  const before = changes.version('acme');
  expect(changes.version('acme')).toBe(before);
  view.posture = 'shadow';
  expect(changes.version('acme')).not.toBe(before);
  const late = changes.next('acme', 1_000, never);
  clock.advance(1_000);
  await late;
});

it('BreakerChanges wakes everybody at a global stop and when it closes', async () => {
  const view = createFakeView();
  const changes = new BreakerChanges(view, createFakeClock());
  const never = new AbortController().signal;
  const before = changes.version('acme');
  const waiting = changes.next('acme', 30_000, never);
  view.trip({ tenant: '_system', kind: 'global', id: '*' }, 7);
  await waiting;
  expect(changes.version('acme')).not.toBe(before);
  const closing = changes.next('acme', 30_000, never);
  changes.close();
  await closing;
  expect(view.listeners).toBe(0);
});

it.each([
  [undefined, 0],
  ['modes=snapshot,delta;wait=30', 30],
  ['wait=5', 5],
  ['respond-async, wait=999999', 60],
  ['await=7', 0],
  ['wait=x', 0],
])('reads Prefer: %s as %i seconds', (prefer, seconds) => {
  expect(waitSecondsOf(prefer === undefined ? {} : { prefer })).toBe(seconds);
});
