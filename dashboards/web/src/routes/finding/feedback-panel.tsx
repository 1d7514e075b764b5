import { useState } from 'preact/hooks';
import type { FindingBody } from '../../../../../src/api/contract.ts';
import type { FeedbackAnswerBody, FeedbackBody } from '../../../../../src/api/detector-contract.ts';
import { FeedbackChip } from '../../components/chips.tsx';
import { Snippet } from '../../components/snippet.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { exceptionLines } from '../../format/feedback.ts';
import { spaced } from '../../format/reason.ts';
import { FeedbackForm } from './feedback-form.tsx';

/** What was said of a finding, and a form to say it. */
export function FeedbackPanel(props: { finding: FindingBody; onSaid: () => void }) {
  const { finding, onSaid } = props;
  const [answer, setAnswer] = useState<FeedbackAnswerBody | null>(null);
  return (
    <section class="panel" aria-labelledby="feedback-title">
      <header class="panel-head">
        <h2 id="feedback-title">Was it right?</h2>
      </header>
      <div class="panel-body feedback">
        {finding.feedback === undefined ? (
          <p class="muted">
            Nobody has said yet. What people say counts towards the precision of the detector.
          </p>
        ) : (
          <Given feedback={finding.feedback} />
        )}
        <div role="status">{answer !== null && <Recorded answer={answer} />}</div>
        <FeedbackForm
          finding={finding}
          onAnswer={(given) => {
            setAnswer(given);
            onSaid();
          }}
        />
      </div>
    </section>
  );
}

function Given({ feedback }: { feedback: FeedbackBody }) {
  return (
    <div class="feedback-given">
      <FeedbackChip feedback={feedback} />
      <p>{feedback.reason}</p>
      <span class="sub">
        {feedback.actor}, <Timestamp at={feedback.at} />
      </span>
    </div>
  );
}

function Recorded({ answer }: { answer: FeedbackAnswerBody }) {
  const { exception } = answer;
  return (
    <div class="feedback-recorded">
      <p>
        <b>Recorded</b> for {spaced(answer.detector)} in {answer.tenant}.
      </p>
      {exception !== null && (
        <>
          <p>
            To hold such findings until {exception.expires}, add this to the configuration and
            reload it:
          </p>
          <Snippet name="exception for the configuration" text={exceptionLines(exception)} />
        </>
      )}
    </div>
  );
}
