import type { ApprovalBody } from '../../../../../src/api/breaker-contract.ts';
import { Panel } from '../../components/panel.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { questionOf } from '../../format/breaker.ts';
import { keyInWords } from '../../format/reason.ts';
import { hrefTo } from '../../state/router.ts';
import { approvals, pendingApprovals } from '../../state/store.ts';

/** Orders that one person gave and a second has to approve, each with its own page. */
export function ApprovalsPanel() {
  const pending = pendingApprovals.value;
  return (
    <Panel
      title="Waiting for a second person"
      count={pending.length > 0 ? String(pending.length) : undefined}
      resource={approvals.state.value}
      onRetry={() => void approvals.refresh()}
      skeletonRows={2}
    >
      {() =>
        pending.length === 0 ? (
          <p class="message">
            Nobody waits. Closing level 5 and above, closing what keeps coming back, and long
            exemptions take two persons; what one asks for stands here for 15 minutes.
          </p>
        ) : (
          <ul class="asked">
            {pending.map((approval) => (
              <Pending key={approval.id} approval={approval} />
            ))}
          </ul>
        )
      }
    </Panel>
  );
}

function Pending({ approval }: { approval: ApprovalBody }) {
  const { id, key, reason } = approval;
  const { subject, kind } = keyInWords(key);
  return (
    <li>
      <div>
        <b>
          {questionOf(approval)} {subject}
        </b>
        <span class="sub">
          {kind} · {key.tenant} · asked by {approval.requested_by}, until{' '}
          <Timestamp at={approval.expires_at} />
        </span>
        <p>{reason}</p>
      </div>
      <a class="button" href={hrefTo({ page: 'approval', id })} aria-label={`Decide on ${id}`}>
        Decide…
      </a>
    </li>
  );
}
