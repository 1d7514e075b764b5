import type { ComponentChildren } from 'preact';

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
  /** Shown instead of the label, which then becomes the name. */
  readonly icon?: ComponentChildren;
}

/** A few exclusive choices in a row. */
export function Segmented<Value extends string>(props: {
  name: string;
  choices: readonly Choice<Value>[];
  value: Value;
  onChange: (value: Value) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would add a frame for three toggles.
    <div class="segmented" role="group" aria-label={props.name}>
      {props.choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          aria-pressed={choice.value === props.value}
          aria-label={choice.icon === undefined ? undefined : choice.label}
          title={choice.icon === undefined ? undefined : choice.label}
          onClick={() => props.onChange(choice.value)}
        >
          {choice.icon ?? choice.label}
        </button>
      ))}
    </div>
  );
}
