import type { ExceptionBody, FeedbackBody } from '../../../../src/api/detector-contract.ts';

type Verdict = FeedbackBody['verdict'];

/** What a person said, in a word or two. */
export const FEEDBACK_WORDS: Readonly<Record<Verdict, string>> = {
  true: 'Right',
  false: 'Wrong',
  benign: 'Agreed to',
  missed: 'Missed',
};

/** What a person may say of a finding, and what it means. */
export const FEEDBACK_CHOICES: readonly (readonly [Verdict, string, string])[] = [
  ['true', 'Right', 'It happened, and somebody had to see it.'],
  ['false', 'Wrong', 'Nothing of the kind happened.'],
  ['benign', 'Right, but agreed to', 'It happened, and is allowed; offers an exception to paste.'],
  ['missed', 'Something was missed', 'Another detector should have spoken of this event too.'],
];

/** Plain in YAML whoever reads it: no number, no truth value, no sign with a meaning. */
const PLAIN = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z][\w./-]*$/i;

/** An exception as lines of the configuration file. */
export function exceptionLines(exception: ExceptionBody): string {
  const entries = Object.entries(exception).filter(([, value]) => value !== undefined);
  const lines = entries.map(([name, value], position) => {
    const text = String(value);
    const written = PLAIN.test(text) ? text : JSON.stringify(text);
    return `${position === 0 ? '    - ' : '      '}${name}: ${written}`;
  });
  return ['detectors:', '  exceptions:', ...lines].join('\n');
}
