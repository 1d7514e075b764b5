import type { AgentBody } from '../../../../../src/api/contract.ts';
import { Age } from '../../components/timestamp.tsx';
import { spaced } from '../../format/reason.ts';

/** What the risk score is made of, after decay. */
export function RiskPanel({ body }: { body: AgentBody }) {
  const parts = [...body.risk_parts].sort((left, right) => right.value - left.value);
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
              <li key={part.detector}>
                <span>
                  {spaced(part.detector)}
                  <span class="sub">
                    <Age at={part.at} ago />
                  </span>
                </span>
                <span class="risk-track" aria-hidden="true">
                  <span class="risk-fill" style={{ '--value': `${Math.min(100, part.value)}%` }} />
                </span>
                <b class="num">{Math.round(part.value)}</b>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
