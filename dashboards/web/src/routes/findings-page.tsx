import { FindingTable } from '../components/finding-table.tsx';
import { PagedPanel } from '../components/paged-panel.tsx';
import { spaced } from '../format/reason.ts';
import { api } from '../state/api.ts';
import { mergeFindings } from '../state/feed.ts';
import { hrefTo, location, tenantFilter } from '../state/router.ts';

const PAGE_ROWS = 50;
const AGAIN_MS = 10_000;

/** Every finding, held ones included, filtered and paged by the server. */
export function FindingsPage() {
  const tenant = tenantFilter.value;
  const agent = location.value.query['agent'] ?? '';
  const detector = location.value.query['detector'] ?? '';
  const filter = { tenant, agent, detector, limit: PAGE_ROWS };
  const narrowed = [tenant, agent, detector].some(Boolean);
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
      <PagedPanel
        title="Newest first"
        skeletonRows={10}
        filterKey={JSON.stringify(filter)}
        againMs={AGAIN_MS}
        load={(cursor) => api.findings({ ...filter, cursor })}
        moreLabel="Load older"
      >
        {(latest, older) => {
          const rows = mergeFindings(latest, older, Number.POSITIVE_INFINITY);
          return rows.length === 0 ? (
            <Nothing narrowed={narrowed} />
          ) : (
            <FindingTable rows={rows} withAgent />
          );
        }}
      </PagedPanel>
    </>
  );
}

function Nothing({ narrowed }: { narrowed: boolean }) {
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
