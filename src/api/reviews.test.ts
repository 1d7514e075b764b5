import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EVALUATION, REVIEW } from './review-schemas.ts';
import { pageOf } from './schemas.ts';
import { bearer, createHarness, reviewView, startApi } from './testing/harness.ts';

let harness: ReturnType<typeof createHarness>;
let app: FastifyInstance;
beforeEach(async () => {
  harness = createHarness();
  const decided = { verdict: 'acceptable', by: 'kim', note: 'seen', at: 1 } as const;
  const judge = { model: 'm', promptHash: 'sha256:1', score: 20, rationale: 'no' };
  harness.state.reviews = [
    reviewView('acme', 'r1', { judge }),
    reviewView('acme', 'r2', { decided }),
    reviewView('globex', 'r3'),
  ];
  app = await startApi(harness);
});
afterEach(() => app.close());

const get = (url: string, as = 'viewer-acme') => app.inject({ url, headers: bearer(as) });
const decide = (id: string, payload: object, as = 'operator-acme') =>
  app.inject({ method: 'POST', url: `/v1/reviews/${id}`, headers: bearer(as), payload });

describe('reviews', () => {
  it('are listed by state, to those who may see the tenant', async () => {
    const ids = async (url: string, as?: string) =>
      pageOf(REVIEW)
        .parse((await get(url, as)).json())
        .items.map(({ id }) => id);
    expect(await ids('/v1/reviews')).toEqual(['r1']);
    expect(await ids('/v1/reviews?state=all')).toEqual(['r1', 'r2']);
    expect(await ids('/v1/reviews?state=decided')).toEqual(['r2']);
    expect(await ids('/v1/reviews?tenant=globex', 'viewer-all')).toEqual(['r3']);
    expect((await get('/v1/reviews?state=closed')).statusCode).toBe(400);
    const one = REVIEW.parse((await get('/v1/reviews/r1')).json());
    expect(one).toMatchObject({ state: 'open', judge: { prompt_hash: 'sha256:1', score: 20 } });
    expect((await get('/v1/reviews/r3')).statusCode).toBe(404);
  });

  it('are decided by an operator, with a note', async () => {
    const said = { verdict: 'unacceptable', reason: 'no approval', actor: 'kim' };
    const answer = await decide('r1', said);
    expect(REVIEW.parse(answer.json())).toMatchObject({ id: 'r1' });
    expect(harness.state.orders).toMatchObject([
      {
        tenant: 'acme',
        command: {
          type: 'review_decide',
          review: 'r1',
          verdict: 'unacceptable',
          reason: 'no approval',
        },
      },
    ]);
    expect((await decide('r3', said)).statusCode).toBe(404);
    expect((await decide('r1', { verdict: 'unacceptable' })).statusCode).toBe(400);
    expect((await decide('r1', said, 'viewer-acme')).statusCode).toBe(403);
  });

  it('can be prepared by scoring a chain', async () => {
    const answer = await get('/v1/chains/t-1/evaluation?tenant=acme');
    expect(EVALUATION.parse(answer.json())).toMatchObject({
      ...{ chain: 't-1', score: 40, verdict: 'review' },
      criteria: [{ id: 'token_bound', result: 'fail' }],
    });
    expect((await get('/v1/chains/t-2/evaluation?tenant=acme')).statusCode).toBe(404);
    expect((await get('/v1/chains/t-1/evaluation?tenant=globex')).statusCode).toBe(403);
  });
});
