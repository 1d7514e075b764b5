import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { AcknowledgementQueue } from './acknowledgement-queue.ts';

const KEY = { tenant: 'acme', kind: 'agent', id: 'bot' } as const;
const word = (epoch: number) => ({ receiver: 'broker', key: KEY, term: 1, epoch });
const CLOCK = { sleep: async () => undefined };
const words = (count: number) => Array.from({ length: count }, (_, index) => word(index));

describe('the queue of acknowledgements', () => {
  it('records all of them, few at a time', async () => {
    let now = 0;
    let most = 0;
    const taken: number[] = [];
    const queue = new AcknowledgementQueue(
      {
        acknowledge: async ({ epoch }) => {
          now += 1;
          most = Math.max(most, now);
          await null;
          now -= 1;
          taken.push(epoch);
        },
      },
      CLOCK,
    );
    await Promise.all([queue.take(words(600)), queue.take(words(2))]);
    expect(taken).toEqual([...words(600), ...words(2)].map(({ epoch }) => epoch));
    expect(most).toBe(LIMITS.acknowledgementsPerAppend);
  });

  it('tells a caller what failed, and goes on for the others', async () => {
    const queue = new AcknowledgementQueue(
      {
        acknowledge: async ({ epoch }) => {
          if (epoch === 1) throw new Error('disk');
        },
      },
      CLOCK,
    );
    await expect(queue.take(words(2))).rejects.toThrow('disk');
    await queue.take([word(7)]);
  });

  it('refuses what it has no room for, whole', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const queue = new AcknowledgementQueue({ acknowledge: () => gate }, CLOCK);
    const first = queue.take(words(LIMITS.feedAcknowledgementsQueued));
    await expect(queue.take(words(LIMITS.feedAcknowledgementsQueued))).rejects.toMatchObject({
      code: 'overloaded',
    });
    release();
    await first;
  });
});
