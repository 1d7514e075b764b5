import { useState } from 'preact/hooks';
import type { ChainSummaryBody, PageBody } from '../../../../../src/api/contract.ts';
import { AgentFilter } from '../../components/agent-filter.tsx';
import { Panel } from '../../components/panel.tsx';
import { GAP_WORDS } from '../../format/gap.ts';
import { api, type ChainFilter } from '../../state/api.ts';
import { asProblem } from '../../state/resource.ts';
import { location, replaceQuery, tenantFilter } from '../../state/router.ts';
import { useLoaded } from '../../state/use-loaded.ts';
import { ChainTable } from './chain-table.tsx';

const PAGE_ROWS = 25;
const AGAIN_MS = 10_000;
const VERDICTS = ['allow', 'deny', 'challenge', 'pending', 'error'] as const;

/** The requests of the last day, filtered and paged by the server; the address has each filter. */
export function ChainsPage() {
  const { agent = '', gap = '', verdict = '' } = location.value.query;
  const filter: ChainFilter = { tenant: tenantFilter.value, agent, gap, verdict, limit: PAGE_ROWS };
  const key = JSON.stringify(filter);
  const [extended, setExtended] = useState('');
  // Once older pages hang on the first one, replacing it would leave a gap between them.
  const againAfterMs = (): number | null => (extended === key ? null : AGAIN_MS);
  const { resource, again } = useLoaded(key, () => api.chains(filter), againAfterMs);
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
      <Panel title="Latest first" resource={resource} onRetry={again} skeletonRows={10}>
        {(page) => (
          <Pages key={key} first={page} filter={filter} onExtended={() => setExtended(key)} />
        )}
      </Panel>
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

function Pages(props: {
  first: PageBody<ChainSummaryBody>;
  filter: ChainFilter;
  onExtended: () => void;
}) {
  const { filter, first } = props;
  const [older, setOlder] = useState<readonly ChainSummaryBody[]>([]);
  const [olderNext, setNext] = useState<string | null>(null);
  const [asked, setAsked] = useState(false);
  const [note, setNote] = useState('');
  const next = asked ? olderNext : first.next;
  const rows = [...first.items, ...older];

  async function loadOlder(cursor: string): Promise<void> {
    setNote('Loading…');
    props.onExtended();
    try {
      const page = await api.chains({ ...filter, cursor });
      setOlder((known) => [...known, ...page.items]);
      setNext(page.next);
      setAsked(true);
      setNote('');
    } catch (error) {
      setNote(asProblem(error).message);
    }
  }

  const narrowed = [filter.tenant, filter.agent, filter.gap, filter.verdict].some(Boolean);
  return (
    <>
      {rows.length === 0 ? (
        <Nothing narrowed={narrowed} goesOn={next !== null} />
      ) : (
        <ChainTable rows={rows} />
      )}
      {(next !== null || note !== '') && (
        <div class="more">
          {next !== null && (
            <button type="button" class="button" onClick={() => void loadOlder(next)}>
              Load older
            </button>
          )}
          <span role="status">{note}</span>
        </div>
      )}
    </>
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
