import type { PageBody, PersonalFindingBody } from '../../../../../src/api/contract.ts';
import { AgentFilter } from '../../components/agent-filter.tsx';
import { Panel } from '../../components/panel.tsx';
import { formatCount, plural } from '../../format/number.ts';
import { isSecret, type TypeTotal, typeInWords, typeTotals } from '../../format/personal.ts';
import { api, type PersonalFilter } from '../../state/api.ts';
import { location, replaceQuery, tenantFilter } from '../../state/router.ts';
import { useLoaded } from '../../state/use-loaded.ts';
import { PlacesPanel } from './places-panel.tsx';

const AGAIN_MS = 15_000;
/** As many as the server gives at once. */
const TYPE_ROWS = 500;

/** Which kinds of personal data and secrets were met, where; the values are nowhere. */
export function PrivacyPage() {
  const { agent = '', type = '' } = location.value.query;
  const filter: PersonalFilter = { tenant: tenantFilter.value, agent, limit: TYPE_ROWS };
  const { resource, again } = useLoaded(
    JSON.stringify(filter),
    () => api.personalFindings(filter),
    () => AGAIN_MS,
  );
  const totals = typeTotals(resource.data?.items ?? []);
  const isEmpty = resource.data?.items.length === 0;
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Privacy</h1>
          <p class="facts hint">
            Kinds of personal data and secrets that were met and replaced before anything was
            written: what, where and how often. The values themselves are kept nowhere.
          </p>
        </div>
        <Filters agent={agent} type={type} totals={totals} />
      </div>
      <div class="stack">
        <Panel
          title="By type"
          count={resource.data === null || isEmpty ? undefined : String(totals.length)}
          aside="since the start of the daemon"
          resource={resource}
          onRetry={again}
        >
          {(page) =>
            isEmpty ? (
              <Nothing narrowed={[filter.tenant, agent].some(Boolean)} />
            ) : (
              <Types totals={totals} page={page} chosen={type} />
            )
          }
        </Panel>
        {resource.data !== null && !isEmpty && <PlacesPanel filter={{ ...filter, type }} />}
      </div>
    </>
  );
}

function Filters(props: { agent: string; type: string; totals: readonly TypeTotal[] }) {
  const { agent, type, totals } = props;
  const known = totals.some((total) => total.type === type);
  const offered = known || type === '' ? totals : [...totals, { type }];
  return (
    <form
      class="filters"
      aria-label="Filter personal data"
      onSubmit={(event) => event.preventDefault()}
    >
      <AgentFilter agent={agent} />
      <select
        class="select"
        aria-label="Type"
        value={type}
        onChange={(event) => replaceQuery({ type: event.currentTarget.value })}
      >
        <option value="">Any type</option>
        {offered.map((total) => (
          <option key={total.type} value={total.type}>
            {isSecret(total.type) && 'secret: '}
            {typeInWords(total.type)}
          </option>
        ))}
      </select>
    </form>
  );
}

function Types(props: {
  totals: readonly TypeTotal[];
  page: PageBody<PersonalFindingBody>;
  chosen: string;
}) {
  const { totals, page, chosen } = props;
  const most = Math.max(...totals.map(({ count }) => count));
  return (
    <div class="panel-body">
      <ul class="types">
        {totals.map(({ type, count, places }) => (
          <li key={type}>
            <button
              type="button"
              class="type-name"
              aria-pressed={type === chosen}
              onClick={() => replaceQuery({ type: type === chosen ? '' : type })}
            >
              {isSecret(type) && <span class="chip warn">secret</span>}
              {typeInWords(type)}
            </button>
            <span class="risk-track" aria-hidden="true">
              <span class="risk-fill" style={{ '--value': `${(100 * count) / most}%` }} />
            </span>
            <b>{formatCount(count)}</b>
            <span class="muted medium">in {plural(places, 'place')}</span>
          </li>
        ))}
      </ul>
      {page.next !== null && (
        <p class="muted types-more">
          Of the first {formatCount(page.items.length)} places; narrow by tenant or agent for the
          rest.
        </p>
      )}
    </div>
  );
}

function Nothing({ narrowed }: { narrowed: boolean }) {
  return (
    <div class="message">
      <h3>No personal data met</h3>
      <p>
        {narrowed
          ? 'None in what this tenant and agent sent since the daemon started.'
          : 'Nothing like personal data or a secret has come in since the daemon started.'}
      </p>
    </div>
  );
}
