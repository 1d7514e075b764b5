import type { ReviewBody } from '../../../../src/api/review-contract.ts';
import { REVIEW_WORDS } from '../format/review.ts';
import { CheckIcon, HalfIcon, PersonIcon, RiskIcon } from './icons.tsx';

/** Whether a review waits, or what a person made of it. */
export function ReviewChip({ review: { decided } }: { review: ReviewBody }) {
  if (decided === null) {
    return (
      <span class="chip warn">
        <PersonIcon />
        Waiting
      </span>
    );
  }
  const { verdict } = decided;
  const Icon = { acceptable: CheckIcon, unacceptable: RiskIcon, unclear: HalfIcon }[verdict];
  const look = { acceptable: 'good', unacceptable: 'warn', unclear: 'plain' }[verdict];
  return (
    <span class={`chip ${look}`}>
      <Icon size={12} />
      {REVIEW_WORDS[verdict]}
    </span>
  );
}

/** `43 of 100`: the share of the rubric's weight that was met. */
export function ScoreText({ score }: { score: number }) {
  return (
    <>
      <b>{Math.round(score)}</b>
      <span class="muted"> of 100</span>
    </>
  );
}
