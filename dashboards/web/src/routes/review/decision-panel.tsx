import type { ReviewBody } from '../../../../../src/api/review-contract.ts';
import { ReviewChip } from '../../components/review-marks.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { VerdictForm } from '../../components/verdict-form.tsx';
import { REVIEW_CHOICES } from '../../format/review.ts';
import { api } from '../../state/api.ts';

/** What a person made of it, or a form to say so: a review is decided once. */
export function DecisionPanel(props: { review: ReviewBody; onDecided: () => void }) {
  const { review, onDecided } = props;
  const { decided } = review;
  return (
    <section class="panel" aria-labelledby="decision-title">
      <header class="panel-head">
        <h2 id="decision-title">Decision</h2>
      </header>
      <div role="status">
        {decided !== null && (
          <div class="panel-body feedback">
            <div class="feedback-given">
              <ReviewChip review={review} />
              <p>{decided.note}</p>
              <span class="sub">
                {decided.by}, <Timestamp at={decided.at} />
              </span>
            </div>
          </div>
        )}
      </div>
      {decided === null && (
        <div class="panel-body feedback">
          <p class="muted">
            It is recorded in the ledger under your name and stands for good. It trips nothing.
          </p>
          <VerdictForm
            choices={REVIEW_CHOICES}
            send={async (verdict, words) => {
              await api.decideReview(review.id, { verdict, ...words });
              onDecided();
            }}
          />
        </div>
      )}
    </section>
  );
}
