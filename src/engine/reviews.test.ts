import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import type { ReviewRequest } from '../core/review.ts';
import { takeReview } from './reviews.ts';
import { Shard } from './shard.ts';
import { restore, snapshot } from './snapshot.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

const REQUEST: ReviewRequest = {
  ...{ chain: 't-1', agents: ['bot'], rubric: 'default-1', score: 40 },
  ...{ failed: ['token_bound'], judge: null },
};

function started() {
  const shard = new Shard({ registry: { detectors: [OBEDIENT] }, initialPosture: 'enforce' });
  const write = new EntryWriter();
  const open = (request: Partial<ReviewRequest> = {}) =>
    shard.apply([
      write.command('acme', {
        ...{ type: 'review_open', actor: 'evaluator', reason: 'low' },
        request: { ...REQUEST, ...request },
      }),
    ]);
  const decide = (review: string) => {
    const said = { actor: 'kim', reason: 'seen', verdict: 'acceptable' } as const;
    shard.apply([write.command('acme', { type: 'review_decide', review, ...said }, START + 5)]);
  };
  return { shard, open, decide, queue: () => [...shard.tenant('acme').reviews.values()] };
}

describe('the review queue', () => {
  it('keeps a request until a person decides it, and who it was', () => {
    const { open, decide, queue } = started();
    open();
    const [review] = queue();
    expect(review).toEqual({ ...REQUEST, id: 'r1', openedAt: START, decided: null });
    decide('r1');
    const decided = { verdict: 'acceptable', by: 'kim', note: 'seen', at: START + 5 };
    expect(queue()).toEqual([{ ...review, decided }]);
    decide('r9');
    expect(queue()).toHaveLength(1);
  });

  it('asks once for a chain, and again when something else fails', () => {
    const { open, decide, queue } = started();
    open();
    open({ score: 20, failed: ['scope_covers'] });
    expect(queue()).toMatchObject([{ id: 'r1', score: 20, failed: ['scope_covers'] }]);
    decide('r1');
    open({ score: 20, failed: ['scope_covers'] });
    expect(queue()).toHaveLength(1);
    open({ score: 10, failed: ['scope_covers', 'token_bound'] });
    expect(queue()).toMatchObject([{ id: 'r1' }, { id: 'r5', score: 10, decided: null }]);
  });

  it('is the same after a restart, and takes nothing from another tenant', () => {
    const { shard, open, decide, queue } = started();
    open();
    open({ chain: 't-2' });
    decide('r1');
    const twin = new Shard(shard);
    restore(twin, JSON.parse(JSON.stringify([...snapshot(shard)])));
    expect([...twin.tenant('acme').reviews.values()]).toEqual(queue());
    expect(shard.tenant('globex').reviews.size).toBe(0);
  });

  it('is bounded: decided ones make room, open ones do not', () => {
    const reviews = new Map();
    const open = (seq: number) =>
      takeReview(reviews, {
        ...{ seq, loggedAt: START },
        body: {
          ...{ type: 'review_open', actor: 'evaluator', reason: 'low' },
          request: { ...REQUEST, chain: `t-${seq}` },
        },
      });
    for (let seq = 1; seq <= LIMITS.reviewsPerTenant + 1; seq += 1) open(seq);
    expect([reviews.size, reviews.has('r1')]).toEqual([LIMITS.reviewsPerTenant, true]);
    const body = { type: 'review_decide', actor: 'kim', reason: 'ok' } as const;
    const said = { ...body, review: 'r7', verdict: 'unclear' } as const;
    takeReview(reviews, { seq: 5_000, loggedAt: START, body: said });
    open(6_000);
    const kept = [reviews.has('r7'), reviews.has('r6000'), reviews.size];
    expect(kept).toEqual([false, true, LIMITS.reviewsPerTenant]);
  });
});
