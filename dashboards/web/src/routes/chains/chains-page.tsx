import { AgentFilter } from '../../components/agent-filter.tsx';
import { PagedPanel } from '../../components/paged-panel.tsx';
import { GAP_WORDS } from '../../format/gap.ts';
import { api, type ChainFilter } from '../../state/api.ts';
import { location, replaceQuery, tenantFilter } from '../../state/router.ts';
import { ChainTable } from './chain-table.tsx';

const PAGE_ROWS = 25;
const AGAIN_MS = 10_000;
const VERDICTS = ['allow', 'deny', 'challenge', 'pending', 'error'] as const;

/** The requests of the last day, filtered and paged by the server; the address has each filter. */
export function ChainsPage() {
  const { agent = '', gap = '', verdict = '' } = location.value.query;
  const filter: ChainFilter = { tenant: tenantFilter.value, agent, gap, verdict, limit: PAGE_ROWS };
  const narrowed = [filter.tenant, agent, gap, verdict].some(Boolean);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Chains</h1>
          <p class="facts hint">
            Each request of the last day from end to end: who asked, what was decided, what was
            done, and which link is missing.
          </p>
        </div>
        <Filters agent={agent} gap={gap} verdict={verdict} />
      </div>
      <PagedPanel
        title="Latest first"
        skeletonRows={10}
        filterKey={JSON.stringify(filter)}
        againMs={AGAIN_MS}
        load={(cursor) => api.chains({ ...filter, cursor })}
        moreLabel="Load older"
      >
        {(latest, older, goesOn) =>
          latest.length + older.length === 0 ? (
            <Nothing narrowed={narrowed} goesOn={goesOn} />
          ) : (
            <ChainTable rows={[...latest, ...older]} />
          )
        }
      </PagedPanel>
    </>
  );
}

function Filters({ agent, gap, verdict }: { agent: string; gap: string; verdict: string }) {
  return (
    <form class="filters" aria-label="Filter chains" onSubmit={(event) => event.preventDefault()}>
      <AgentFilter agent={agent} />
      <select
        class="select"
        aria-label="Missing link"
        value={gap}
        onChange={(event) => replaceQuery({ gap: event.currentTarget.value })}
      >
        <option value="">Missing or not</option>
        <option value="any">Anything missing</option>
        {GAP_WORDS.map(([reason, word]) => (
          <option key={reason} value={reason}>
            {word}
          </option>
        ))}
      </select>
      <select
        class="select"
        aria-label="Verdict"
        value={verdict}
        onChange={(event) => replaceQuery({ verdict: event.currentTarget.value })}
      >
        <option value="">Any verdict</option>
        {VERDICTS.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </form>
  );
}

/** A page may be short of rows and go on: what is looked for may be older. */
function Nothing({ narrowed, goesOn }: { narrowed: boolean; goesOn: boolean }) {
  return (
    <div class="message">
      <h3>{goesOn ? 'None among the latest' : 'No chains'}</h3>
      <p>
        {goesOn
          ? 'Nothing among the latest matches. Load older ones to look further back.'
          : narrowed
            ? 'Nothing of the last day matches these filters. Clear them to see the others.'
            : 'No request of the last day is on record yet.'}
      </p>
    </div>
  );
}
