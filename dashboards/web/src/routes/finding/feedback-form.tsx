import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { FindingBody } from '../../../../../src/api/contract.ts';
import type { FeedbackAnswerBody, FeedbackBody } from '../../../../../src/api/detector-contract.ts';
import { FEEDBACK_CHOICES } from '../../format/feedback.ts';
import { spaced } from '../../format/reason.ts';
import { api, type FeedbackOrder, type RequestProblem } from '../../state/api.ts';
import { operatorToken, token } from '../../state/credential.ts';
import { asProblem } from '../../state/resource.ts';
import { useLoaded } from '../../state/use-loaded.ts';

type Verdict = FeedbackBody['verdict'];

/** The longest reason that the server takes. */
const REASON_CHARS = 1_000;

/** Asks for a verdict with its reason, and for an operator's token where none is at hand. */
export function FeedbackForm(props: {
  finding: FindingBody;
  onAnswer: (answer: FeedbackAnswerBody) => void;
}) {
  const { finding, onAnswer } = props;
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [problem, setProblem] = useState<RequestProblem | null>(null);
  const [sending, setSending] = useState(false);
  const refused = problem?.status === 401 || problem?.status === 403;
  const asksToken = refused || (operatorToken.value === '' && token.value === '');

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (verdict === null || sending) return;
    const form = event.currentTarget;
    const said = new FormData(form);
    const given = textOf(said, 'operator-token');
    if (given !== '') operatorToken.value = given;
    setSending(true);
    setProblem(null);
    try {
      const id = verdict === 'missed' ? finding.event_id : finding.id;
      onAnswer(await api.giveFeedback(id, orderOf(finding, verdict, said)));
      form.reset();
      setVerdict(null);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setSending(false);
    }
  }

  return (
    <form class="feedback-form" onSubmit={(event) => void submit(event)}>
      <Verdicts chosen={verdict} onChoose={setVerdict} />
      {verdict === 'missed' && <MissedBy finding={finding} />}
      <label>
        Reason
        <textarea name="reason" rows={2} required maxLength={REASON_CHARS} />
      </label>
      <label>
        <span>
          Your name <span class="faint">if the token is shared</span>
        </span>
        <input name="actor" autocomplete="name" maxLength={200} />
      </label>
      {asksToken && (
        <label>
          <span>
            Operator token <span class="faint">kept until this page is reloaded</span>
          </span>
          <input
            name="operator-token"
            type="password"
            autocomplete="off"
            spellcheck={false}
            required
          />
        </label>
      )}
      {problem !== null && <Refusal problem={problem} />}
      <button type="submit" class="button" disabled={verdict === null || sending}>
        {sending ? 'Recording…' : 'Record'}
      </button>
    </form>
  );
}

function orderOf(finding: FindingBody, verdict: Verdict, said: FormData): FeedbackOrder {
  const actor = textOf(said, 'actor');
  return {
    verdict,
    reason: textOf(said, 'reason'),
    ...(actor === '' ? {} : { actor }),
    ...(verdict === 'missed' ? { tenant: finding.tenant, detector: textOf(said, 'detector') } : {}),
  };
}

function textOf(said: FormData, name: string): string {
  const value = said.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

function Verdicts(props: { chosen: Verdict | null; onChoose: (verdict: Verdict) => void }) {
  return (
    <fieldset class="verdicts">
      <legend class="hidden-text">Verdict</legend>
      {FEEDBACK_CHOICES.map(([value, name, meaning]) => (
        <label key={value}>
          <input
            type="radio"
            name="verdict"
            value={value}
            checked={props.chosen === value}
            onChange={() => props.onChoose(value)}
          />
          <span>
            {name}
            <span class="sub">{meaning}</span>
          </span>
        </label>
      ))}
    </fieldset>
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

function Refusal({ problem }: { problem: RequestProblem }) {
  const words: Readonly<Record<number, string>> = {
    401: 'That token is not known. Nothing was recorded.',
    403: 'The token may not do this: the role operator is needed for this tenant.',
  };
  return (
    <p role="alert" class="refused">
      {words[problem.status] ?? `Not recorded: ${problem.message}`}
    </p>
  );
}
