import type { Evaluation } from '../core/evaluation.ts';
import type { Review } from '../core/review.ts';

/** A review with the tenant it belongs to. */
export interface ReviewView extends Review {
  readonly tenant: string;
}

/** Requests that people are asked to look at; answered from memory. */
export interface Reviews {
  /** Open first, and of each the latest first. */
  list(tenants: readonly string[] | '*', state: 'open' | 'decided' | 'all'): readonly ReviewView[];
  /** Null where there is none of this id in these tenants. */
  find(tenants: readonly string[] | '*', id: string): ReviewView | null;
  /** Scores a chain by the rubric, now; null where the store has no such chain. */
  evaluate(tenant: string, chain: string): Promise<Evaluation | null>;
}
