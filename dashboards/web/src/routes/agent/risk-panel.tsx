import type { AgentBody } from '../../../../../src/api/contract.ts';
import { Age } from '../../components/timestamp.tsx';
import { spaced } from '../../format/reason.ts';
import { hrefTo } from '../../state/router.ts';

const HOUR_MS = 3_600_000;

/** What the risk score is made of, after decay; each part names its finding. */
export function RiskPanel({ body }: { body: AgentBody }) {
  const parts = [...body.risk_parts].sort((left, right) => right.points - left.points);
  return (
    <section class="panel" aria-labelledby="risk-title">
      <header class="panel-head">
        <h2 id="risk-title">
          Risk <span class="count">{Math.round(body.risk)} of 100</span>
        </h2>
      </header>
      <div class="panel-body">
        {parts.length === 0 ? (
          <p class="muted">Nothing has raised this agent’s risk.</p>
        ) : (
          <ul class="parts">
            {parts.map((part) => (
              <Part key={part.finding_id} tenant={body.tenant} part={part} />
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

function Part({ tenant, part }: { tenant: string; part: AgentBody['risk_parts'][number] }) {
  return (
    <li>
      <span>
        {spaced(part.detector)}
        <span class="sub">
          <a class="link" href={hrefTo({ page: 'finding', tenant, id: part.finding_id })}>
            Finding {part.finding_id}
          </a>
          , <Age at={part.at} ago />, halves in {part.half_life_ms / HOUR_MS} h
          {part.share < 1 && ', counts less beside a stronger one'}
        </span>
      </span>
      <span class="risk-track" aria-hidden="true">
        <span class="risk-fill" style={{ '--value': `${Math.min(100, part.points)}%` }} />
      </span>
      <b class="num">{Math.round(part.points)}</b>
    </li>
  );
}
