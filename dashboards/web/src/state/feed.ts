import type { TransitionBody } from '../../../../src/api/breaker-contract.ts';
import type { FindingBody } from '../../../../src/api/contract.ts';
import { outcomeOf } from '../format/reason.ts';

/** An entry of the trips feed: a finding that moved a breaker or would have, or a person's step. */
export type FeedItem =
  | { readonly kind: 'finding'; readonly time: number; readonly finding: FindingBody }
  | { readonly kind: 'transition'; readonly time: number; readonly transition: TransitionBody };

/** Findings kept in the page; older ones are a page away. */
export const FEED_FINDINGS = 200;
const FEED_TRANSITIONS = 50;

/** Newest first, each finding once, bounded. A finding seen again replaces the older copy. */
export function mergeFindings(
  known: readonly FindingBody[],
  arrived: readonly FindingBody[],
  most: number = FEED_FINDINGS,
): readonly FindingBody[] {
  const byKey = new Map<string, FindingBody>();
  for (const finding of [...known, ...arrived]) {
    byKey.set(findingKey(finding), finding);
  }
  return [...byKey.values()]
    .sort((left, right) => Date.parse(right.time) - Date.parse(left.time))
    .slice(0, most);
}

/** Finding ids are unique in a partition; tenant and event make them so in the page. */
export function findingKey(finding: FindingBody): string {
  return `${finding.tenant}/${finding.id}/${finding.event_id}`;
}

/** Keeps a person's and the timer's steps; a detector's step is told by its finding. */
export function mergeTransitions(
  known: readonly TransitionBody[],
  arrived: TransitionBody,
): readonly TransitionBody[] {
  if (arrived.class !== 'operator' && arrived.class !== 'timer') return known;
  const repeated = known.some(
    (one) =>
      one.epoch === arrived.epoch &&
      one.key.tenant === arrived.key.tenant &&
      one.key.kind === arrived.key.kind &&
      one.key.id === arrived.key.id,
  );
  return repeated ? known : [arrived, ...known].slice(0, FEED_TRANSITIONS);
}

/** True for what belongs in the trips feed. */
export function movesBreaker(finding: FindingBody): boolean {
  return outcomeOf(finding).kind !== 'held';
}

/** The trips feed, newest first, narrowed to a tenant where one is chosen. */
export function feedItems(
  findings: readonly FindingBody[],
  transitions: readonly TransitionBody[],
  tenant: string,
): readonly FeedItem[] {
  const items: FeedItem[] = [];
  for (const finding of findings) {
    if (tenant !== '' && finding.tenant !== tenant) continue;
    if (movesBreaker(finding)) {
      items.push({ kind: 'finding', time: Date.parse(finding.time), finding });
    }
  }
  for (const transition of transitions) {
    if (tenant !== '' && transition.key.tenant !== tenant) continue;
    items.push({ kind: 'transition', time: Date.parse(transition.time), transition });
  }
  return items.sort((left, right) => right.time - left.time);
}
