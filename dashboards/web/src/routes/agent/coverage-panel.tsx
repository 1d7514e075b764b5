import type { AgentCoverage } from '../../../../../src/api/contract.ts';
import { BlindIcon, CheckIcon } from '../../components/icons.tsx';
import { splitCoverage } from '../../format/coverage.ts';
import { spaced } from '../../format/reason.ts';

/** Which detectors can judge this agent, and which field would let the others. */
export function CoveragePanel({ coverage }: { coverage: readonly AgentCoverage[] }) {
  const { acting, inShadow, blindActing, blindInShadow } = splitCoverage(coverage);
  return (
    <section class="panel" aria-labelledby="coverage-title">
      <header class="panel-head">
        <h2 id="coverage-title">
          Coverage{' '}
          <span class="count">
            {acting.length - blindActing.length} of {acting.length} detectors judge
          </span>
        </h2>
      </header>
      <div class="panel-body">
        {coverage.length === 0 && <p class="muted">No detector has looked at this agent yet.</p>}
        <Verdicts rows={acting} />
        {inShadow.length > 0 && (
          <details class="coverage-shadow">
            <summary>
              {inShadow.length} more in shadow
              {blindInShadow.length > 0 && `, ${blindInShadow.length} of them blind`}
            </summary>
            <Verdicts rows={inShadow} />
          </details>
        )}
      </div>
    </section>
  );
}

/** The blind one by one with their cure, the others in few lines. */
function Verdicts({ rows }: { rows: readonly AgentCoverage[] }) {
  const blind = rows.filter(({ verdict }) => verdict === 'blind');
  const judged = rows.filter(({ verdict }) => verdict === 'judged');
  return (
    <>
      {blind.length > 0 && (
        <ul class="coverage">
          {blind.map((one) => (
            <li key={one.detector}>
              <BlindIcon />
              <span>
                {spaced(one.detector)} <span class="muted">blind</span>
              </span>
              <span class="cure">
                Needs <code>{one.field ?? 'more fields'}</code>
                {one.cure !== undefined && `. ${one.cure}`}
              </span>
            </li>
          ))}
        </ul>
      )}
      {judged.length > 0 && (
        <ul class="coverage-judged" aria-label="Judged by">
          {judged.map(({ detector }) => (
            <li key={detector}>
              <CheckIcon size={11} />
              {spaced(detector)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
