import { useState } from 'preact/hooks';
import type { ApprovalBody } from '../../../../../src/api/breaker-contract.ts';
import { BreakerFacts } from '../../components/breaker-facts.tsx';
import { Failure, Skeleton } from '../../components/panel.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { VerdictForm } from '../../components/verdict-form.tsx';
import { questionOf } from '../../format/breaker.ts';
import { keyInWords, keyText } from '../../format/reason.ts';
import { breakerApi } from '../../state/breaker-api.ts';
import { hrefTo, hrefToBreaker } from '../../state/router.ts';
import { approvals, openBreakers, refreshAll } from '../../state/store.ts';

/** One order that waits: what is asked, of what, and why; approved or denied by somebody else. */
export function ApprovalPage({ id }: { id: string }) {
  const { data, problem } = approvals.state.value;
  const found = data?.find((one) => one.id === id);
  // Kept while it is looked at: once decided it leaves the list.
  const [seen, setSeen] = useState<ApprovalBody | null>(null);
  if (found !== undefined && found !== seen) setSeen(found);
  const approval = found ?? seen;
  if (approval !== null) return <Question approval={approval} isPending={found !== undefined} />;
  return (
    <div class="panel">
      <h1 class="hidden-text">Approval {id}</h1>
      {data !== null && <Gone id={id} />}
      {data === null && problem !== null && (
        <Failure what="Approval" problem={problem} onRetry={() => void approvals.refresh()} />
      )}
      {data === null && problem === null && <Skeleton rows={5} />}
    </div>
  );
}

function Gone({ id }: { id: string }) {
  return (
    <div class="message">
      <h2>No such approval</h2>
      <p>
        Nothing waits under {id}: it was decided, it expired, or the breaker moved.{' '}
        <a class="link" href={hrefTo({ page: 'breakers' })}>
          All breakers
        </a>
      </p>
    </div>
  );
}

const CHOICES = [
  ['approve', 'Approve', 'It is carried out at once, under both names.'],
  ['deny', 'Deny', 'The breaker stays as it is.'],
] as const;
type Verdict = (typeof CHOICES)[number][0];

const FORBIDDEN = 'Refused: it takes the role operator, and another token than the one that asked.';

function Question({ approval, isPending }: { approval: ApprovalBody; isPending: boolean }) {
  const [said, setSaid] = useState<Verdict | null>(null);
  const { key, requested_by: asker } = approval;
  const { subject, kind } = keyInWords(key);
  const breaker = openBreakers.value.find((one) => keyText(one.key) === keyText(key));
  return (
    <>
      <header class="page-head">
        <div>
          <h1>
            Approve: {questionOf(approval)} {subject}?
          </h1>
          <p class="facts hint">
            <span>
              {asker} asked at <Timestamp at={approval.requested_at} />. Ends at{' '}
              <Timestamp at={approval.expires_at} />, or when the breaker moves.
            </span>
          </p>
        </div>
      </header>
      <div class="columns">
        <section class="panel" aria-labelledby="asked-title">
          <header class="panel-head">
            <h2 id="asked-title">What is asked</h2>
          </header>
          <div class="panel-body finding-why">
            <blockquote class="opinion">{approval.reason}</blockquote>
            <p>
              <a class="link" href={hrefToBreaker(key)}>
                {kind} {subject} in {key.tenant}
              </a>
            </p>
            {breaker === undefined ? (
              <p class="muted">The breaker is not open now.</p>
            ) : (
              <BreakerFacts breaker={breaker} />
            )}
            {breaker !== undefined && breaker.epoch !== approval.epoch && said === null && (
              <p class="moved">The breaker has moved since it was asked: it can only be denied.</p>
            )}
          </div>
        </section>
        <section class="panel" aria-labelledby="decision-title">
          <header class="panel-head">
            <h2 id="decision-title">Decision</h2>
          </header>
          <div class="panel-body feedback">
            <div role="status">
              {said !== null && <p>{said === 'approve' ? 'Approved' : 'Denied'} and recorded.</p>}
              {said === null && !isPending && <p>It is not pending any more.</p>}
            </div>
            {isPending && said === null && (
              <VerdictForm
                choices={CHOICES}
                forbidden={FORBIDDEN}
                action={(verdict) => (verdict === 'approve' ? 'Approve' : 'Deny')}
                send={async (verdict, words) => {
                  await breakerApi.decide(approval.id, { verdict, ...words });
                  setSaid(verdict);
                  refreshAll();
                }}
              />
            )}
          </div>
        </section>
      </div>
    </>
  );
}
