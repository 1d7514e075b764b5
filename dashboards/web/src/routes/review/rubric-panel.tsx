import type { EvaluationBody, ReviewBody } from '../../../../../src/api/review-contract.ts';
import { CheckIcon, RingIcon, RiskIcon } from '../../components/icons.tsx';
import { Panel } from '../../components/panel.tsx';
import { ScoreText } from '../../components/review-marks.tsx';
import { criteriaByWeight } from '../../format/review.ts';
import { api } from '../../state/api.ts';
import { useLoaded } from '../../state/use-loaded.ts';

/** The request as the rubric scores it now, what failed first, and what a model said of it. */
export function RubricPanel({ review }: { review: ReviewBody }) {
  const { tenant, chain, judge } = review;
  const { resource, again } = useLoaded(`${tenant}/${chain}`, (signal) =>
    api.evaluation(tenant, chain, signal),
  );
  return (
    <Panel title="Against the rubric" resource={resource} onRetry={again} skeletonRows={10}>
      {(evaluation) => (
        <div class="panel-body rubric">
          {judge !== null && <Opinion judge={judge} />}
          <Since review={review} evaluation={evaluation} />
          <ul class="criteria">
            {criteriaByWeight(evaluation.criteria).map((criterion) => (
              <Asked key={criterion.id} criterion={criterion} />
            ))}
          </ul>
        </div>
      )}
    </Panel>
  );
}

/** More of the request, or another rubric, may have come since the review was opened. */
function Since({ review, evaluation }: { review: ReviewBody; evaluation: EvaluationBody }) {
  const { score, rubric } = evaluation;
  if (score === review.score && rubric === review.rubric) {
    return (
      <p class="muted">
        Scored <ScoreText score={score} /> by the rubric {rubric}.
      </p>
    );
  }
  return (
    <p class="muted">
      Scored <ScoreText score={review.score} /> by {review.rubric} when it was opened.{' '}
      {score === null ? (
        <>By {rubric} nothing applies to it now.</>
      ) : (
        <>
          By {rubric} it scores <ScoreText score={score} /> now.
        </>
      )}
    </p>
  );
}

function Asked({ criterion }: { criterion: EvaluationBody['criteria'][number] }) {
  const { question, weight, required, result } = criterion;
  return (
    <li class={`criterion ${result}`}>
      <Result result={result} />
      <span>
        {question}
        <span class="sub">
          {result === 'not_applicable' ? 'nothing on record to ask' : `weight ${weight}`}
          {required && ', required'}
        </span>
      </span>
    </li>
  );
}

function Result({ result }: Pick<EvaluationBody['criteria'][number], 'result'>) {
  const [word, look] = RESULTS[result];
  return (
    <span class={`chip ${look}`}>
      {result === 'fail' && <RiskIcon size={12} />}
      {result === 'pass' && <CheckIcon size={11} />}
      {result === 'not_applicable' && <RingIcon size={11} />}
      {word}
    </span>
  );
}

const RESULTS = {
  fail: ['No', 'warn'],
  pass: ['Yes', 'good'],
  not_applicable: ['n/a', 'plain'],
} as const;

function Opinion({ judge }: { judge: NonNullable<ReviewBody['judge']> }) {
  return (
    <figure class="opinion">
      <blockquote>{judge.rationale}</blockquote>
      <figcaption class="sub">
        The model {judge.model} says {Math.round(judge.score)} of 100. It decides nothing, and can
        be talked into anything by what it reads.
      </figcaption>
    </figure>
  );
}
