import type { EvaluationBody, ReviewBody } from '../../../../src/api/review-contract.ts';

type Verdict = NonNullable<ReviewBody['decided']>['verdict'];
type Criterion = EvaluationBody['criteria'][number];

/** What a person decided, in a word. */
export const REVIEW_WORDS: Readonly<Record<Verdict, string>> = {
  acceptable: 'Acceptable',
  unacceptable: 'Not acceptable',
  unclear: 'Unclear',
};

/** What a person may decide, and what it means. */
export const REVIEW_CHOICES: readonly (readonly [Verdict, string, string])[] = [
  ['acceptable', 'Acceptable', 'What was done was right, though the record falls short.'],
  ['unacceptable', 'Not acceptable', 'It should not have been done, or not in this way.'],
  ['unclear', 'Unclear', 'The record does not say enough to tell.'],
];

const RESULTS: readonly Criterion['result'][] = ['fail', 'pass', 'not_applicable'];

/** What failed first, the required and the heavy before the rest; what does not apply last. */
export function criteriaByWeight(criteria: readonly Criterion[]): readonly Criterion[] {
  return [...criteria].sort(
    (one, other) =>
      RESULTS.indexOf(one.result) - RESULTS.indexOf(other.result) ||
      Number(other.required) - Number(one.required) ||
      other.weight - one.weight,
  );
}
