import type { ComponentChildren, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { RequestProblem } from '../state/api.ts';
import { operatorToken, token } from '../state/credential.ts';
import { asProblem } from '../state/resource.ts';

/** The longest reason that the server takes. */
const REASON_CHARS = 1_000;

/** What a person said beside the verdict, as the server takes it. */
export interface Words {
  readonly reason: string;
  readonly actor?: string;
}

interface VerdictFormProps<Verdict extends string> {
  /** Each verdict with its name and what it means. */
  readonly choices: readonly (readonly [Verdict, string, string])[];
  /** What else a verdict wants to know. */
  readonly more?: (verdict: Verdict) => ComponentChildren;
  /** Sends it; a rejection is shown, and nothing that was typed is lost. */
  readonly send: (verdict: Verdict, words: Words, said: FormData) => Promise<void>;
}

/** Asks for a verdict with its reason, and for an operator's token where none is at hand. */
export function VerdictForm<Verdict extends string>(props: VerdictFormProps<Verdict>) {
  const { choices, more, send } = props;
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
    const actor = textOf(said, 'actor');
    const words = { reason: textOf(said, 'reason'), ...(actor === '' ? {} : { actor }) };
    setSending(true);
    setProblem(null);
    try {
      await send(verdict, words, said);
      form.reset();
      setVerdict(null);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setSending(false);
    }
  }

  return (
    <form class="verdict-form" onSubmit={(event) => void submit(event)}>
      <Verdicts choices={choices} chosen={verdict} onChoose={setVerdict} />
      {verdict !== null && more?.(verdict)}
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

/** Of a form, what stands in a field, without the space around it. */
export function textOf(said: FormData, name: string): string {
  const value = said.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

function Verdicts<Verdict extends string>(props: {
  choices: VerdictFormProps<Verdict>['choices'];
  chosen: Verdict | null;
  onChoose: (verdict: Verdict) => void;
}) {
  return (
    <fieldset class="verdicts">
      <legend class="hidden-text">Verdict</legend>
      {props.choices.map(([value, name, meaning]) => (
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
