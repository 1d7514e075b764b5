import { judgeChain } from '../core/chain-links.ts';
import { stepOf } from '../core/chain-step.ts';
import { type Evaluation, evaluateChain } from '../core/evaluation.ts';
import { LIMITS } from '../core/limits.ts';
import type { Rubric } from '../core/rubric.ts';
import type { EngineView } from '../ports/engine-view.ts';
import type { Reviews, ReviewView } from '../ports/reviews.ts';
import type { ChainRow, Store } from '../ports/store.ts';
import type { Partition } from './partition.ts';

export interface ReviewsOptions {
  readonly partition: Pick<Partition, 'shard'>;
  readonly store: Pick<Store, 'chain'>;
  readonly view: Pick<EngineView, 'chainClock'>;
  /** The one that holds now. */
  readonly rubric: () => Rubric;
}

/** The review queues of the live engine, as plain values. */
export function createReviews(options: ReviewsOptions): Reviews {
  const { shard } = options.partition;
  const all = (tenants: readonly string[] | '*'): readonly ReviewView[] =>
    [...shard.tenants.values()]
      .filter(({ tenant }) => tenants === '*' || tenants.includes(tenant))
      .flatMap(({ tenant, reviews }) =>
        [...reviews.values()].map((review) => ({ ...review, tenant })),
      );
  return {
    list: (tenants, state) =>
      all(tenants)
        .filter(({ decided }) => state === 'all' || (decided === null) === (state === 'open'))
        .sort(openFirst),
    find: (tenants, id) => all(tenants).find((review) => review.id === id) ?? null,
    evaluate: async (tenant, chain) => {
      const rows = await chainRows(options.store, tenant, chain);
      return rows.length === 0 ? null : evaluateRows(options, tenant, rows);
    },
  };
}

function openFirst(one: ReviewView, other: ReviewView): number {
  const byState = Number(one.decided !== null) - Number(other.decided !== null);
  return byState || other.openedAt - one.openedAt || (one.id < other.id ? -1 : 1);
}

/** The records of a chain of one tenant, in order of time, bounded. */
export async function chainRows(
  store: Pick<Store, 'chain'>,
  tenant: string,
  chain: string,
): Promise<readonly ChainRow[]> {
  const { rows } = await store.chain([tenant], chain, LIMITS.chainSteps);
  return rows;
}

export function evaluateRows(
  { view, rubric }: Pick<ReviewsOptions, 'view' | 'rubric'>,
  tenant: string,
  rows: readonly ChainRow[],
): Evaluation {
  const steps = rows.map(({ event, seq, loggedAt }) => stepOf(event, seq, loggedAt));
  const judgement = judgeChain(steps, view.chainClock(tenant));
  return evaluateChain({ records: rows, judgement }, rubric());
}
