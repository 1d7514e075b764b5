import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { AcknowledgementQueue } from './acknowledgement-queue.ts';

const KEY = { tenant: 'acme', kind: 'agent', id: 'bot' } as const;
const word = (epoch: number) => ({ receiver: 'broker', key: KEY, term: 1, epoch });
const CLOCK = { sleep: async () => undefined };
const words = (count: number) => Array.from({ length: count }, (_, index) => word(index));

describe('the queue of acknowledgements', () => {
  it('records all of them, some at a time', async () => {
    const appends: number[][] = [];
    const queue = new AcknowledgementQueue(
      {
        acknowledge: async (...several) => {
          appends.push(several.map(({ epoch }) => epoch));
        },
      },
      CLOCK,
    );
    const limit = LIMITS.feedAcknowledgementsPerAppend;
    await Promise.all([words(1), words(limit - 2), words(2), words(3)].map((w) => queue.take(w)));
    expect(appends.map(({ length }) => length)).toEqual([1, limit, 3]);
    expect(appends[1]?.slice(-3)).toEqual([limit - 3, 0, 1]);
  });

  it('tells callers what failed, and goes on for the others', async () => {
    const queue = new AcknowledgementQueue(
      {
        acknowledge: async ({ epoch } = word(0)) => {
          if (epoch === 1) throw new Error('disk');
        },
      },
      CLOCK,
    );
    await expect(queue.take([word(1), word(2)])).rejects.toThrow('disk');
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
