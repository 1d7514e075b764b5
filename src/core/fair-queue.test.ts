import { describe, expect, it } from 'vitest';
import { FairQueue, fairShare } from './fair-queue.ts';

function drain(queue: FairQueue<string>): string {
  const taken: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
  return taken.join('');
}

describe('a fair queue', () => {
  it('alternates between lanes however long one of them is', () => {
    const queue = new FairQueue<string>(1);
    for (let index = 0; index < 6; index++) queue.push('flood', 'f', 1);
    queue.push('quiet', 'q', 1);
    queue.push('quiet', 'q', 1);
    expect(queue.size).toBe(8);
    expect(drain(queue)).toBe('fqfqffff');
    expect(queue.size).toBe(0);
  });

  it('keeps the order within a lane, over many items', () => {
    const queue = new FairQueue<number>(4);
    for (let index = 0; index < 2_000; index++) queue.push('a', index, 1);
    const taken = Array.from({ length: 2_000 }, () => queue.take());
    expect(taken).toEqual(Array.from({ length: 2_000 }, (_, index) => index));
    expect(queue.take()).toBeUndefined();
  });

  it('shares by cost and not by number', () => {
    const queue = new FairQueue<string>(10);
    for (let index = 0; index < 4; index++) queue.push('big', 'B', 10);
    for (let index = 0; index < 40; index++) queue.push('small', 's', 1);
    expect(drain(queue)).toBe(`B${'s'.repeat(10)}`.repeat(4));
  });

  it('serves what costs more than a round, once its lane has saved for it', () => {
    const queue = new FairQueue<string>(1);
    queue.push('huge', 'H', 4);
    for (let index = 0; index < 6; index++) queue.push('small', 's', 1);
    expect(drain(queue)).toBe('sssHsss');
  });

  it('serves what was begun before what is fresh, but not for ever', () => {
    const queue = new FairQueue<string>(1);
    queue.push('a', 'f', 1);
    queue.push('a', 'g', 1);
    for (let index = 0; index < 10; index++) queue.push('a', 'b', 1, 'begun');
    expect(drain(queue)).toBe('bbbbbbbfbbbg');
  });

  it('leaves room for newcomers whoever floods', () => {
    let others = 0;
    for (let lane = 0; lane < 8; lane++) {
      const share = fairShare(131_072, others);
      expect(share).toBeGreaterThan(0);
      others += share;
    }
    expect(fairShare(131_072, 0)).toBe(65_536);
  });
});
