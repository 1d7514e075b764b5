import * as z from 'zod';
import { LIMITS } from '../../core/limits.ts';
import { REVIEW_VERDICTS } from '../../core/review.ts';
import type { Control } from '../../ports/control.ts';
import type { Reviews, ReviewView } from '../../ports/reviews.ts';
import { OPERATORS, READERS, requireTenant, visibleTenants } from '../auth.ts';
import { timeText } from '../bodies.ts';
import { pageByPosition } from '../page.ts';
import { CHAIN_ID, CURSOR, IDENTIFIER, limitOf, ORDER_WORDS } from '../parameters.ts';
import { notFound } from '../problem.ts';
import type { ReviewBody } from '../review-contract.ts';
import { EVALUATION, REVIEW } from '../review-schemas.ts';
import { defineRoute, type Route } from '../route.ts';
import { pageOf } from '../schemas.ts';
import { actorOf } from './actor.ts';

const ID_PATH = z.strictObject({ id: IDENTIFIER });

/** The review queue, its decisions, and how a chain scores now. */
export function reviewRoutes({
  reviews,
  control,
}: {
  readonly reviews: Reviews;
  readonly control: Control;
}): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/reviews',
      summary: 'Requests that people are asked to look at: open first, the latest first.',
      access: READERS,
      query: z.strictObject({
        tenant: IDENTIFIER.optional(),
        state: z.enum(['open', 'decided', 'all']).default('open'),
        limit: limitOf(LIMITS.pageRows),
        cursor: CURSOR.optional(),
      }),
      answer: pageOf(REVIEW),
      handle: ({ principal, query }) => {
        const rows = reviews.list(visibleTenants(principal, query.tenant), query.state);
        return pageByPosition(rows, query.limit, query.cursor, reviewBody);
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/reviews/:id',
      summary: 'One review, open or decided.',
      access: READERS,
      params: ID_PATH,
      answer: REVIEW,
      handle: ({ principal, params: { id } }) => {
        const found = reviews.find(visibleTenants(principal, undefined), id);
        if (found === null) throw notFound();
        return reviewBody(found);
      },
    }),
    decideRoute(reviews, control),
    evaluationRoute(reviews),
  ];
}

function decideRoute(reviews: Reviews, control: Control): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/reviews/:id',
    summary: 'Decide a review; `reason` is the note that stands in the record.',
    access: OPERATORS,
    params: ID_PATH,
    body: z.strictObject({ verdict: z.enum(REVIEW_VERDICTS), ...ORDER_WORDS }),
    answer: REVIEW,
    handle: async ({ principal, params: { id }, body }) => {
      const tenants = visibleTenants(principal, undefined);
      const found = reviews.find(tenants, id);
      if (found === null) throw notFound();
      const { verdict, reason } = body;
      const actor = actorOf(principal, body.actor);
      const order = { type: 'review_decide', actor, reason, review: id, verdict } as const;
      await control.command(found.tenant, order);
      return reviewBody(reviews.find([found.tenant], id) ?? found);
    },
  });
}

function evaluationRoute(reviews: Reviews): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/chains/:id/evaluation',
    summary: 'How the rubric scores a chain now, criterion by criterion. Records nothing.',
    access: READERS,
    params: z.strictObject({ id: CHAIN_ID }),
    query: z.strictObject({ tenant: IDENTIFIER }),
    answer: EVALUATION,
    handle: async ({ principal, params: { id }, query: { tenant } }) => {
      requireTenant(principal, tenant);
      const evaluation = await reviews.evaluate(tenant, id);
      if (evaluation === null) throw notFound();
      const { outcomes, ...scored } = evaluation;
      const criteria = outcomes.map((outcome) => ({ ...outcome }));
      return { ...scored, tenant, chain: id, criteria };
    },
  });
}

function reviewBody({ openedAt, agents, failed, judge, decided, ...rest }: ReviewView): ReviewBody {
  return {
    ...rest,
    state: decided === null ? 'open' : 'decided',
    agents: [...agents],
    opened_at: timeText(openedAt),
    failed: [...failed],
    judge: judge && {
      ...{ model: judge.model, prompt_hash: judge.promptHash },
      ...{ score: judge.score, rationale: judge.rationale },
    },
    decided: decided && { ...decided, at: timeText(decided.at) },
  };
}
