import { plural } from '../format/number.ts';
import { tenantFilter } from '../state/router.ts';
import { status } from '../state/store.ts';

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
      {shadowed.length > 0 && <ShadowBanner shadowed={shadowed} />}
    </aside>
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
