import type { CommandEntry } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { Review } from '../core/review.ts';

/** A tenant's review queue by id, opened first first; `LIMITS.reviewsPerTenant` at most. */
export type ReviewState = Map<string, Review>;

/** Orders about reviews. */
export type ReviewOrder = Extract<CommandEntry['body'], { type: 'review_open' | 'review_decide' }>;

/** Whether a further review would push an open one out. */
export function isFull(reviews: ReviewState): boolean {
  if (reviews.size < LIMITS.reviewsPerTenant) return false;
  return [...reviews.values()].every(({ decided }) => decided === null);
}

/**
 * Takes an order. A chain that is open already keeps its place with what is known now; one that was
 * decided comes back only when something else failed. The oldest decided review makes room, and
 * without one the new review is not taken: it stands in the log alone.
 */
export function takeReview(
  reviews: ReviewState,
  { seq, loggedAt, body }: Pick<CommandEntry, 'seq' | 'loggedAt'> & { readonly body: ReviewOrder },
): void {
  if (body.type === 'review_decide') {
    const { review: id, verdict, actor: by, reason: note } = body;
    const known = reviews.get(id);
    if (known) reviews.set(id, { ...known, decided: { verdict, by, note, at: loggedAt } });
    return;
  }
  const { request } = body;
  for (const known of [...reviews.values()].reverse()) {
    if (known.chain !== request.chain) continue;
    if (known.decided === null) reviews.set(known.id, { ...known, ...request });
    if (known.decided === null || same(known.failed, request.failed)) return;
    break;
  }
  if (isFull(reviews)) return;
  const id = `r${seq}`;
  reviews.set(id, { ...request, id, openedAt: loggedAt, decided: null });
  if (reviews.size > LIMITS.reviewsPerTenant) forgetDecided(reviews);
}

function forgetDecided(reviews: ReviewState): void {
  for (const { id, decided } of reviews.values()) {
    if (decided === null) continue;
    reviews.delete(id);
    return;
  }
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((id, place) => id === right[place]);
}
