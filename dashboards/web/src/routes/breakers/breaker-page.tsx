import { useEffect } from 'preact/hooks';
import type { BreakerBody, KeyBody } from '../../../../../src/api/breaker-contract.ts';
import { BreakerFacts } from '../../components/breaker-facts.tsx';
import { PhaseChip } from '../../components/breaker-phase.tsx';
import { Failure, Skeleton } from '../../components/panel.tsx';
import { agentOfKey, keyInWords, keyText } from '../../format/reason.ts';
import { breakerApi } from '../../state/breaker-api.ts';
import { hrefTo } from '../../state/router.ts';
import { openBreakers } from '../../state/store.ts';
import { useLoaded } from '../../state/use-loaded.ts';
import { ReasonText } from '../overview/breakers-panel.tsx';
import { OrdersPanel } from './orders-panel.tsx';

const AGAIN_MS = 10_000;

/** One breaker: how it stands, and what a person may order. */
export function BreakerPage({ named }: { named: KeyBody }) {
  const { resource, again } = useLoaded(
    JSON.stringify(named),
    (signal) => breakerApi.one(named, signal),
    () => AGAIN_MS,
  );
  const listed = openBreakers.value.find(({ key }) => keyText(key) === keyText(named));
  // The stream tells of a step before the next look would.
  useEffect(() => {
    if (resource.data !== null) again();
  }, [listed?.epoch]);
  const { data, problem } = resource;
  if (data !== null) return <Breaker breaker={data} onOrdered={again} />;
  return (
    <div class="panel">
      <h1 class="hidden-text">Breaker {named.id}</h1>
      {problem?.status === 404 && <Closed />}
      {problem !== null && problem.status !== 404 && (
        <Failure what="Breaker" problem={problem} onRetry={again} />
      )}
      {problem === null && <Skeleton rows={5} />}
    </div>
  );
}

function Closed() {
  return (
    <div class="message">
      <h2>Never tripped</h2>
      <p>
        No breaker has this key: nothing is held.{' '}
        <a class="link" href={hrefTo({ page: 'breakers' })}>
          All breakers
        </a>
      </p>
    </div>
  );
}

function Breaker(props: { breaker: BreakerBody; onOrdered: () => void }) {
  const { breaker, onOrdered } = props;
  const { key } = breaker;
  const { subject, kind } = keyInWords(key);
  const agent = agentOfKey(key);
  return (
    <>
      <header class="page-head">
        <div>
          <div class="title-line">
            <h1>{subject}</h1>
            <PhaseChip breaker={breaker} />
          </div>
          <p class="facts hint">
            <span>Breaker of {kind}</span>
            <span>Tenant {key.tenant}</span>
            {agent !== undefined && (
              <a href={hrefTo({ page: 'agent', tenant: key.tenant, agent })}>Its agent</a>
            )}
          </p>
        </div>
      </header>
      <div class="columns">
        <section class="panel" aria-labelledby="standing-title">
          <header class="panel-head">
            <h2 id="standing-title">How it stands</h2>
          </header>
          <div class="panel-body">
            <BreakerFacts breaker={breaker} reason={<ReasonText breaker={breaker} />} />
          </div>
        </section>
        <OrdersPanel breaker={breaker} onOrdered={onOrdered} />
      </div>
    </>
  );
}
