import { OrderForm } from '../../components/order-form.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { spaced } from '../../format/reason.ts';
import { breakerApi } from '../../state/breaker-api.ts';
import { status, storms } from '../../state/store.ts';

/** Tenants in storm mode, each with a way to end it by hand. */
export function StormPanel() {
  return (
    <>
      {storms.value.map(({ tenant, since, cause }) => (
        <section key={tenant} class="panel" aria-labelledby={`storm-${tenant}`}>
          <header class="panel-head">
            <h2 id={`storm-${tenant}`}>Storm mode in {tenant}</h2>
          </header>
          <div class="panel-body feedback">
            <p>
              Since <Timestamp at={since} /> statistics and novelty stop nothing ({spaced(cause)}):
              a detector, or what it is fed, is more likely wrong than so many agents. What is
              proven still trips. It ends by itself after ten quiet minutes.
            </p>
            <details>
              <summary>End it now…</summary>
              <OrderForm
                action="End storm mode"
                send={async (words) => {
                  await breakerApi.calm({ tenant, ...words });
                  await status.refresh();
                }}
              />
            </details>
          </div>
        </section>
      ))}
    </>
  );
}
