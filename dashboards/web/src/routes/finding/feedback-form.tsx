import type { FindingBody } from '../../../../../src/api/contract.ts';
import type { FeedbackAnswerBody } from '../../../../../src/api/detector-contract.ts';
import { textOf } from '../../components/order-form.tsx';
import { VerdictForm } from '../../components/verdict-form.tsx';
import { FEEDBACK_CHOICES } from '../../format/feedback.ts';
import { spaced } from '../../format/reason.ts';
import { api } from '../../state/api.ts';
import { useLoaded } from '../../state/use-loaded.ts';

/** Asks what a person makes of a finding. */
export function FeedbackForm(props: {
  finding: FindingBody;
  onAnswer: (answer: FeedbackAnswerBody) => void;
}) {
  const { finding, onAnswer } = props;
  return (
    <VerdictForm
      choices={FEEDBACK_CHOICES}
      more={(verdict) => verdict === 'missed' && <MissedBy finding={finding} />}
      send={async (verdict, words, said) => {
        const isMissed = verdict === 'missed';
        const missed = { tenant: finding.tenant, detector: textOf(said, 'detector') };
        const order = { verdict, ...words, ...(isMissed ? missed : {}) };
        onAnswer(await api.giveFeedback(isMissed ? finding.event_id : finding.id, order));
      }}
    />
  );
}

/** Which detector should have spoken: any but the one that did. */
function MissedBy({ finding }: { finding: FindingBody }) {
  const { tenant, detector: own } = finding;
  const { resource } = useLoaded(tenant, () => api.detectors(tenant));
  const others = (resource.data ?? []).filter(({ id }) => id !== own);
  return (
    <label>
      Which should have found it
      <select name="detector" class="select" required>
        <option value="">{resource.loading ? 'Loading…' : 'Choose a detector'}</option>
        {others.map(({ id }) => (
          <option key={id} value={id}>
            {spaced(id)}
          </option>
        ))}
      </select>
    </label>
  );
}
