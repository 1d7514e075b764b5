import type { ReviewBody } from '../../../../../src/api/review-contract.ts';
import { PagedPanel } from '../../components/paged-panel.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { api } from '../../state/api.ts';
import { location, replaceQuery, tenantFilter } from '../../state/router.ts';
import { ReviewTable } from './review-table.tsx';

const PAGE_ROWS = 50;
const AGAIN_MS = 10_000;

const SHOWN = [
  { value: 'open', label: 'Waiting' },
  { value: 'decided', label: 'Decided' },
  { value: 'all', label: 'All' },
] as const;
type Shown = (typeof SHOWN)[number]['value'];

/** Requests whose recorded decisions scored low, for people to decide on. */
export function ReviewsPage() {
  const state = SHOWN.find(({ value }) => value === location.value.query['show'])?.value ?? 'open';
  const filter = { tenant: tenantFilter.value, state, limit: PAGE_ROWS };
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Reviews</h1>
          <p class="facts hint">
            Requests whose record scores low against the rubric: who decided them, on what, with
            whose approval. A person says what to make of each.
          </p>
        </div>
        <Segmented<Shown>
          name="Show"
          value={state}
          onChange={(value) => replaceQuery({ show: value === 'open' ? '' : value })}
          choices={SHOWN}
        />
      </div>
      <PagedPanel<ReviewBody>
        title={state === 'open' ? 'Waiting for a person' : 'Latest first'}
        skeletonRows={6}
        filterKey={JSON.stringify(filter)}
        againMs={AGAIN_MS}
        load={(cursor) => api.reviews({ ...filter, cursor })}
        moreLabel="Load older"
      >
        {(latest, older) =>
          latest.length + older.length === 0 ? (
            <Nothing state={state} />
          ) : (
            <ReviewTable rows={[...latest, ...older]} />
          )
        }
      </PagedPanel>
    </>
  );
}

function Nothing({ state }: { state: Shown }) {
  return (
    <div class="message">
      <h3>{state === 'open' ? 'Nothing waits for a person' : 'No reviews'}</h3>
      <p>
        Requests are scored where the configuration says{' '}
        <code>evaluators: {'{ enabled: true }'}</code>; those that score low come here.
      </p>
    </div>
  );
}
