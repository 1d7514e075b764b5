import type { AgentCoverage } from '../../../../../src/api/contract.ts';
import { BlindIcon, CheckIcon } from '../../components/icons.tsx';
import { spaced } from '../../format/reason.ts';

/** Which detectors can judge this agent, and which field would let the others. */
export function CoveragePanel({ coverage }: { coverage: readonly AgentCoverage[] }) {
  const sorted = [...coverage].sort((left, right) => left.verdict.localeCompare(right.verdict));
  const judged = coverage.filter((one) => one.verdict === 'judged').length;
  return (
    <section class="panel" aria-labelledby="coverage-title">
      <header class="panel-head">
        <h2 id="coverage-title">
          Coverage{' '}
          <span class="count">
            {judged} of {coverage.length} detectors judge
          </span>
        </h2>
      </header>
      <div class="panel-body">
        {coverage.length === 0 ? (
          <p class="muted">No detector has looked at this agent yet.</p>
        ) : (
          <ul class="coverage">
            {sorted.map((one) => (
              <li key={one.detector} class={one.verdict}>
                {one.verdict === 'judged' ? <CheckIcon /> : <BlindIcon />}
                <span>
                  {spaced(one.detector)} <span class="muted">{one.verdict}</span>
                </span>
                {one.verdict === 'blind' && (
                  <span class="cure">
                    Needs <code>{one.field ?? 'more fields'}</code>
                    {one.cure !== undefined && `. ${one.cure}`}
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
