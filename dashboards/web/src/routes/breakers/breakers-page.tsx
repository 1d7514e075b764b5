import { location } from '../../state/router.ts';
import { BreakersPanel } from '../overview/breakers-panel.tsx';
import { ApprovalsPanel } from './approvals-panel.tsx';
import { StormPanel } from './storm-panel.tsx';
import { TripPanel } from './trip-panel.tsx';

/** Everything that is held, who has to agree to what, and a way to trip. */
export function BreakersPage() {
  const { trip = '', of = '' } = location.value.query;
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Breakers</h1>
          <p class="facts hint">
            One person opens; level 5 and above takes two to close. Every order has a reason.
          </p>
        </div>
      </div>
      <div class="columns">
        <div class="stack">
          <StormPanel />
          <BreakersPanel />
          <ApprovalsPanel />
        </div>
        <TripPanel key={`${of}/${trip}`} tenant={of} agent={trip} />
      </div>
    </>
  );
}
