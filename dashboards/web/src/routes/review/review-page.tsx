import type { ReviewBody } from '../../../../../src/api/review-contract.ts';
import { Failure, Skeleton } from '../../components/panel.tsx';
import { ReviewChip, ScoreText } from '../../components/review-marks.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { api } from '../../state/api.ts';
import { hrefTo } from '../../state/router.ts';
import { useLoaded } from '../../state/use-loaded.ts';
import { DecisionPanel } from './decision-panel.tsx';
import { RubricPanel } from './rubric-panel.tsx';

/** One request that a person is asked about: its score by criterion, and the decision. */
export function ReviewPage({ id }: { id: string }) {
  const { resource, again } = useLoaded(id, (signal) => api.review(id, signal));
  const { data, problem, loading } = resource;
  if (data !== null) return <Review review={data} onDecided={again} />;
  if (problem?.status === 404) return <Missing id={id} />;
  return (
    <div class="panel">
      <h1 class="hidden-text">Review {id}</h1>
      {problem !== null && <Failure what="Review" problem={problem} onRetry={again} />}
      {problem === null && loading && <Skeleton rows={6} />}
    </div>
  );
}

function Missing({ id }: { id: string }) {
  return (
    <div class="panel">
      <h1 class="hidden-text">Review {id}</h1>
      <div class="message">
        <h2>No such review</h2>
        <p>
          Nothing has the id {id}. Decided reviews make room for new ones.{' '}
          <a class="link" href={hrefTo({ page: 'reviews' })}>
            All reviews
          </a>
        </p>
      </div>
    </div>
  );
}

function Review({ review, onDecided }: { review: ReviewBody; onDecided: () => void }) {
  const { tenant, chain, agents } = review;
  return (
    <>
      <header class="page-head">
        <div>
          <div class="title-line">
            <h1>Review of a request</h1>
            <ReviewChip review={review} />
          </div>
          <dl class="facts">
            <div>
              <dt>Request</dt>
              <dd>
                <a class="link" href={hrefTo({ page: 'chain', id: chain })}>
                  <code>{chain}</code>
                </a>
              </dd>
            </div>
            <div>
              <dt>{agents.length === 1 ? 'Agent' : 'Agents'}</dt>
              <dd>
                {agents.map((agent, position) => (
                  <span key={agent}>
                    {position > 0 && ', '}
                    <a class="link" href={hrefTo({ page: 'agent', tenant, agent })}>
                      {agent}
                    </a>
                  </span>
                ))}
              </dd>
            </div>
            <div>
              <dt>Tenant</dt>
              <dd>{tenant}</dd>
            </div>
            <div>
              <dt>Score</dt>
              <dd>
                <ScoreText score={review.score} />
              </dd>
            </div>
            <div>
              <dt>Opened</dt>
              <dd>
                <Timestamp at={review.opened_at} />
              </dd>
            </div>
          </dl>
        </div>
      </header>
      <div class="columns">
        <RubricPanel review={review} />
        <DecisionPanel review={review} onDecided={onDecided} />
      </div>
    </>
  );
}
