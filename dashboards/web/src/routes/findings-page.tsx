import { useState } from 'preact/hooks';
import type { FindingBody, PageBody } from '../../../../src/api/contract.ts';
import { FindingTable } from '../components/finding-table.tsx';
import { Panel } from '../components/panel.tsx';
import { spaced } from '../format/reason.ts';
import { api } from '../state/api.ts';
import { mergeFindings } from '../state/feed.ts';
import { asProblem } from '../state/resource.ts';
import { hrefTo, location, tenantFilter } from '../state/router.ts';
import { useLoaded } from '../state/use-loaded.ts';

const PAGE_ROWS = 50;
const AGAIN_MS = 10_000;

/** Every finding, held ones included, filtered and paged by the server. */
export function FindingsPage() {
  const tenant = tenantFilter.value;
  const agent = location.value.query['agent'] ?? '';
  const detector = location.value.query['detector'] ?? '';
  const filter = { tenant, agent, detector, limit: PAGE_ROWS };
  const key = JSON.stringify(filter);
  const [extended, setExtended] = useState('');
  // Once older pages hang on the first one, replacing it would leave a gap between them.
  const againAfterMs = (): number | null => (extended === key ? null : AGAIN_MS);
  const { resource, again } = useLoaded(key, () => api.findings(filter), againAfterMs);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Findings</h1>
          <p class="facts hint">
            {agent === '' && detector === '' ? (
              'Every verdict of every detector, with what became of it.'
            ) : (
              <span>
                {agent !== '' && (
                  <>
                    Of <b>{agent}</b>
                  </>
                )}
                {agent === '' ? 'By ' : detector !== '' && ' by '}
                {detector !== '' && <b>{spaced(detector)}</b>} only.{' '}
                <a class="link" href={hrefTo({ page: 'findings' })}>
                  Show all
                </a>
              </span>
            )}
          </p>
        </div>
      </div>
      <Panel title="Newest first" resource={resource} onRetry={again} skeletonRows={10}>
        {(page) => (
          <Pages key={key} first={page} filter={filter} onExtended={() => setExtended(key)} />
        )}
      </Panel>
    </>
  );
}

function Pages(props: {
  first: PageBody<FindingBody>;
  filter: { tenant: string; agent: string; detector: string; limit: number };
  onExtended: () => void;
}) {
  const [older, setOlder] = useState<readonly FindingBody[]>([]);
  const [olderNext, setNext] = useState<string | null>(null);
  const next = older.length === 0 ? props.first.next : olderNext;
  const [note, setNote] = useState('');
  const rows = mergeFindings(props.first.items, older, Number.POSITIVE_INFINITY);

  async function loadOlder(cursor: string): Promise<void> {
    setNote('Loading…');
    props.onExtended();
    try {
      const page = await api.findings({ ...props.filter, cursor });
      setOlder((known) => [...known, ...page.items]);
      setNext(page.next);
      setNote('');
    } catch (error) {
      setNote(asProblem(error).message);
    }
  }

  if (rows.length === 0) {
    const { tenant, agent, detector } = props.filter;
    const narrowed = [tenant, agent, detector].some(Boolean);
    return (
      <div class="message">
        <h3>No findings</h3>
        <p>
          {narrowed
            ? 'Nothing matches these filters. Clear them to see the others.'
            : 'No detector has spoken. Check coverage on the overview before calling it calm.'}
        </p>
      </div>
    );
  }
  return (
    <>
      <FindingTable rows={rows} withAgent />
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
