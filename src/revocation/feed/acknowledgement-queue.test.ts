import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { AcknowledgementQueue } from './acknowledgement-queue.ts';

const KEY = { tenant: 'acme', kind: 'agent', id: 'bot' } as const;
const word = (epoch: number) => ({ receiver: 'broker', key: KEY, term: 1, epoch });
const CLOCK = { sleep: async () => undefined };
const words = (count: number) => Array.from({ length: count }, (_, index) => word(index));

describe('the queue of acknowledgements', () => {
  it('records all of them, of some breakers at a time', async () => {
    const appends: number[][] = [];
    const queue = new AcknowledgementQueue(
      {
        acknowledge: async (...several) => {
          appends.push(several.map(({ epoch }) => epoch));
        },
      },
      CLOCK,
    );
    const limit = LIMITS.feedAcknowledgedPerAppend;
    await Promise.all([words(1), words(limit - 2), words(2), words(3)].map((w) => queue.take(w)));
    expect(appends.map(({ length }) => length)).toEqual([1, limit - 2, 3]);
  });

  it('records as one what several say of one epoch', async () => {
    const appends: (readonly object[])[] = [];
    const acknowledge = async (...several: readonly object[]) => void appends.push(several);
    const queue = new AcknowledgementQueue({ acknowledge }, CLOCK);
    const said = (receiver: string, epoch: number) => queue.take([{ ...word(epoch), receiver }]);
    const twice = queue.take([word(1), word(1)]);
    await Promise.all([twice, said('a', 1), said('b', 1), said('c', 2), said('a', 1)]);
    const shared = { ...word(1), receiver: 'a', others: ['b'] };
    expect(appends).toEqual([[word(1)], [shared, { ...word(2), receiver: 'c' }]]);
  });

  it('takes no more words at once than it may, however few breakers they are of', async () => {
    const sizes: number[] = [];
    const queue = new AcknowledgementQueue(
      {
        acknowledge: async (...several) => {
          sizes.push(several.reduce((sum, { others = [] }) => sum + 1 + others.length, 0));
        },
      },
      CLOCK,
    );
    const each = 1_000;
    const names = Array.from({ length: 40 }, (_, index) => `broker-${index}`);
    const requests = names.map((receiver) => words(each).map((one) => ({ ...one, receiver })));
    await Promise.all(requests.map((request) => queue.take(request)));
    const together = Math.floor(LIMITS.feedAcknowledgementsPerAppend / each) * each;
    expect(sizes).toEqual([each, together, together, 39 * each - 2 * together]);
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
