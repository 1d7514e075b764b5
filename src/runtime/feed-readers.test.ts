import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { START } from '../engine/testing/entries.ts';
import { FeedReaders } from './feed-readers.ts';
import { FakeClock } from './testing/fake-clock.ts';

describe('readers of the feed', () => {
  it('are named per tenant, once however many streams they have', () => {
    const readers = new FeedReaders(new FakeClock(START));
    readers.join('acme', 'gateway');
    readers.join('acme', 'gateway');
    readers.join('globex', 'proxy');
    expect([readers.of('acme'), readers.of('globex')]).toEqual([['gateway'], ['proxy']]);
  });

  it('owe for a day after their last stream has ended', async () => {
    const clock = new FakeClock(START);
    const readers = new FeedReaders(clock);
    const leave = [readers.join('acme', 'gateway'), readers.join('acme', 'gateway')];
    leave[0]?.();
    leave[0]?.();
    await clock.advance(2 * LIMITS.feedReaderForgottenMs);
    expect(readers.of('acme')).toEqual(['gateway']);
    leave[1]?.();
    await clock.advance(LIMITS.feedReaderForgottenMs);
    expect(readers.of('acme')).toEqual(['gateway']);
    await clock.advance(1);
    expect(readers.of('acme')).toEqual([]);
  });

  it('are bounded: of those that left, the first to have come goes first', () => {
    const readers = new FeedReaders(new FakeClock(START));
    for (let n = 0; n <= LIMITS.feedSubscribers + 5; n += 1) readers.join('acme', `b-${n}`)();
    expect(readers.of('acme')).toHaveLength(LIMITS.feedSubscribers);
    expect(readers.of('acme')).not.toContain('b-0');
  });
});
