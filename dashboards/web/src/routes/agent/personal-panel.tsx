import { Panel } from '../../components/panel.tsx';
import { formatCount } from '../../format/number.ts';
import { isSecret, typeInWords, typeTotals } from '../../format/personal.ts';
import { api } from '../../state/api.ts';
import { hrefTo } from '../../state/router.ts';
import { useLoaded } from '../../state/use-loaded.ts';

const AGAIN_MS = 15_000;
const ROWS = 500;
const TYPES_SHOWN = 6;

/** Which kinds of personal data this agent handled, in brief. */
export function PersonalPanel({ tenant, agent }: { tenant: string; agent: string }) {
  const { resource, again } = useLoaded(
    `${tenant}/${agent}`,
    () => api.personalFindings({ tenant, agent, limit: ROWS }),
    () => AGAIN_MS,
  );
  return (
    <Panel
      title="Personal data"
      resource={resource}
      onRetry={again}
      skeletonRows={2}
      aside={
        <a class="link" href={hrefTo({ page: 'privacy' }, { tenant, agent })}>
          Where it was met
        </a>
      }
    >
      {(page) => {
        const totals = typeTotals(page.items);
        if (totals.length === 0) {
          return <p class="message">None met since the start of the daemon.</p>;
        }
        const more = totals.length - TYPES_SHOWN;
        return (
          <ul class="panel-body type-list">
            {totals.slice(0, TYPES_SHOWN).map(({ type, count }) => (
              <li key={type}>
                {isSecret(type) && <span class="chip warn">secret</span>} {typeInWords(type)}{' '}
                <b>{formatCount(count)}</b>
              </li>
            ))}
            {more > 0 && <li class="muted">and {more} more</li>}
          </ul>
        );
      }}
    </Panel>
  );
}
