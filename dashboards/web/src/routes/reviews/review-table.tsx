import type { ReviewBody } from '../../../../../src/api/review-contract.ts';
import { ReviewChip, ScoreText } from '../../components/review-marks.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { plural } from '../../format/number.ts';
import { spaced } from '../../format/reason.ts';
import { hrefTo } from '../../state/router.ts';

/** Reviews as a table; each leads to its page. */
export function ReviewTable({ rows }: { rows: readonly ReviewBody[] }) {
  return (
    <div class="table-wrap">
      <table class="rows-tall">
        <thead>
          <tr>
            <th scope="col">Request</th>
            <th scope="col">What is not met</th>
            <th scope="col" class="num">
              Score
            </th>
            <th scope="col" class="medium">
              Opened
            </th>
            <th scope="col" class="medium">
              Decision
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((review) => (
            <Row key={`${review.tenant}/${review.id}`} review={review} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ review }: { review: ReviewBody }) {
  const { id, tenant, chain, agents, judge } = review;
  return (
    <tr>
      <th scope="row" class="top chain-id">
        <a href={hrefTo({ page: 'review', id })}>{chain}</a>
        <span class="sub">
          {agents.join(', ')} in {tenant}
        </span>
      </th>
      <td class="top">
        <Failed review={review} />
        <div class="narrow-only">
          <ReviewChip review={review} /> <Timestamp at={review.opened_at} />
        </div>
      </td>
      <td class="top num nowrap">
        <ScoreText score={review.score} />
        {judge !== null && <span class="sub">judge {Math.round(judge.score)}</span>}
      </td>
      <td class="top medium muted nowrap">
        <Timestamp at={review.opened_at} />
      </td>
      <td class="top medium">
        <ReviewChip review={review} />
        {review.decided !== null && <span class="sub">{review.decided.by}</span>}
      </td>
    </tr>
  );
}

const FAILED_SHOWN = 3;

function Failed({ review: { failed, judge } }: { review: ReviewBody }) {
  if (failed.length === 0) {
    return <span class="muted">{judge === null ? 'nothing' : 'only the judge doubts it'}</span>;
  }
  const more = failed.length - FAILED_SHOWN;
  return (
    <>
      {failed.slice(0, FAILED_SHOWN).map(spaced).join(', ')}
      {more > 0 && <span class="muted"> and {plural(more, 'more', 'more')}</span>}
    </>
  );
}
