import { plural } from '../format/number.ts';
import { hrefTo, tenantFilter } from '../state/router.ts';
import { pendingApprovals, status, storms } from '../state/store.ts';

/** What must be known before anything else: the data is synthetic, or nothing is blocked. */
export function Banners() {
  const body = status.state.value.data;
  if (body === null) return null;
  const shadowed = body.tenants.filter(
    (one) =>
      one.posture === 'shadow' && (tenantFilter.value === '' || one.tenant === tenantFilter.value),
  );
  return (
    <aside aria-label="Notices">
      {body.demo && (
        <div class="banner demo">
          <p>
            <strong>Synthetic data</strong> — nothing here is real.
          </p>
        </div>
      )}
      <StormBanner />
      <ApprovalBanner />
      {shadowed.length > 0 && <ShadowBanner shadowed={shadowed} />}
    </aside>
  );
}

/** While it lasts, the calm of statistics means nothing. */
function StormBanner() {
  const [first, ...others] = storms.value;
  if (first === undefined) return null;
  const more = others.length === 0 ? '' : ` and ${plural(others.length, 'more tenant')}`;
  return (
    <div class="banner storm">
      <p>
        <strong>Storm mode</strong> in {first.tenant}
        {more}: statistics stop nothing, what is proven still trips.{' '}
        <a class="link" href={hrefTo({ page: 'breakers' })}>
          See breakers
        </a>
      </p>
    </div>
  );
}

function ApprovalBanner() {
  const [first, ...others] = pendingApprovals.value;
  if (first === undefined) return null;
  return (
    <div class="banner shadow">
      <p>
        <strong>{plural(others.length + 1, 'order')}</strong>{' '}
        {others.length === 0 ? 'waits' : 'wait'} for a second person.{' '}
        <a
          class="link"
          href={hrefTo(
            others.length === 0 ? { page: 'approval', id: first.id } : { page: 'breakers' },
          )}
        >
          Decide
        </a>
      </p>
    </div>
  );
}

function ShadowBanner(props: {
  shadowed: readonly { readonly tenant: string; readonly would_have_tripped: number }[];
}) {
  const ranked = [...props.shadowed].sort(
    (left, right) => right.would_have_tripped - left.would_have_tripped,
  );
  const [first, ...others] = ranked;
  if (first === undefined) return null;
  const more =
    others.length === 0 ? '' : ` (and ${plural(others.length, 'more tenant')} in shadow)`;
  return (
    <div class="banner shadow">
      <p>
        <strong>Shadow:</strong>{' '}
        {first.would_have_tripped === 0
          ? `${first.tenant} blocks nothing yet`
          : `${first.tenant} would have tripped ${plural(first.would_have_tripped, 'breaker')}`}
        {more}; enforce with <code>tripcoil enforce --tenant {first.tenant}</code>
      </p>
    </div>
  );
}
