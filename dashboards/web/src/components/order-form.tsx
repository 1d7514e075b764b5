import type { ComponentChildren, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { RequestProblem } from '../state/api.ts';
import { operatorToken, token } from '../state/credential.ts';
import { asProblem } from '../state/resource.ts';

/** The longest reason that the server takes. */
const REASON_CHARS = 1_000;

/** What a person said beside an order, as the server takes it. */
export interface Words {
  readonly reason: string;
  readonly actor?: string;
}

interface OrderFormProps {
  /** What the order is about, above its reason. */
  readonly children?: ComponentChildren;
  /** The word on the button. */
  readonly action: string;
  /** Whether it stops or frees something at once. */
  readonly isGrave?: boolean;
  readonly disabled?: boolean;
  /** Only a look before the order: what was typed stays. */
  readonly isPreview?: boolean;
  /** What a refusal for lack of rights means; by default that an operator is needed. */
  readonly forbidden?: string;
  /** Sends it; a rejection is shown, and nothing that was typed is lost. */
  readonly send: (words: Words, said: FormData) => Promise<void>;
}

/** Asks for the reason of an order, and for an operator's token where none is at hand. */
export function OrderForm(props: OrderFormProps) {
  const { children, action, isGrave, isPreview, disabled = false, forbidden, send } = props;
  const [problem, setProblem] = useState<RequestProblem | null>(null);
  const [sending, setSending] = useState(false);
  const refused = problem?.status === 401 || problem?.status === 403;
  const asksToken = refused || (operatorToken.value === '' && token.value === '');

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (disabled || sending) return;
    const form = event.currentTarget;
    const said = new FormData(form);
    const given = textOf(said, 'operator-token');
    if (given !== '') operatorToken.value = given;
    const actor = textOf(said, 'actor');
    const words = { reason: textOf(said, 'reason'), ...(actor === '' ? {} : { actor }) };
    setSending(true);
    setProblem(null);
    try {
      await send(words, said);
      if (isPreview !== true) form.reset();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setSending(false);
    }
  }

  return (
    <form class="verdict-form" onSubmit={(event) => void submit(event)}>
      {children}
      <WordFields asksToken={asksToken} />
      {problem !== null && <Refusal problem={problem} forbidden={forbidden} />}
      <button
        type="submit"
        class={isGrave === true ? 'button grave' : 'button'}
        disabled={disabled || sending}
      >
        {sending ? (isPreview === true ? 'Looking…' : 'Recording…') : action}
      </button>
    </form>
  );
}

function WordFields({ asksToken }: { asksToken: boolean }) {
  return (
    <>
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
    </>
  );
}

/** Of a form, what stands in a field, without the space around it. */
export function textOf(said: FormData, name: string): string {
  const value = said.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

const FORBIDDEN = 'The token may not do this: the role operator is needed for this tenant.';

function Refusal(props: { problem: RequestProblem; forbidden: string | undefined }) {
  const { problem, forbidden = FORBIDDEN } = props;
  const words: Readonly<Record<number, string>> = {
    401: 'That token is not known. Nothing was recorded.',
    403: forbidden,
  };
  return (
    <p role="alert" class="refused">
      {words[problem.status] ?? `Not recorded: ${problem.message}`}
    </p>
  );
}
