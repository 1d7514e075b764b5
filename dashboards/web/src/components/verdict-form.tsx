import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { OrderForm, type Words } from './order-form.tsx';

interface VerdictFormProps<Verdict extends string> {
  /** Each verdict with its name and what it means. */
  readonly choices: readonly (readonly [Verdict, string, string])[];
  /** What else a verdict wants to know. */
  readonly more?: (verdict: Verdict) => ComponentChildren;
  /** What the button says of a verdict; `Record` by default. */
  readonly action?: (verdict: Verdict) => string;
  /** What a refusal for lack of rights means. */
  readonly forbidden?: string;
  /** Sends it; a rejection is shown, and nothing that was typed is lost. */
  readonly send: (verdict: Verdict, words: Words, said: FormData) => Promise<void>;
}

/** Asks for a verdict with its reason. */
export function VerdictForm<Verdict extends string>(props: VerdictFormProps<Verdict>) {
  const { choices, more, action, forbidden, send } = props;
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  return (
    <OrderForm
      action={verdict === null ? 'Record' : (action?.(verdict) ?? 'Record')}
      disabled={verdict === null}
      {...(forbidden === undefined ? {} : { forbidden })}
      send={async (words, said) => {
        if (verdict === null) return;
        await send(verdict, words, said);
        setVerdict(null);
      }}
    >
      <Verdicts choices={choices} chosen={verdict} onChoose={setVerdict} />
      {verdict !== null && more?.(verdict)}
    </OrderForm>
  );
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
