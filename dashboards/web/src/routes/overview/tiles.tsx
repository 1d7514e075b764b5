import type { AgentBody, AgentState, StatusBody } from '../../../../../src/api/contract.ts';
import { Age } from '../../components/timestamp.tsx';
import { formatCompact, formatCount, formatDuration, plural } from '../../format/number.ts';
import {
  agentCount,
  agents,
  breakers,
  heldBreakers,
  now,
  status,
  visibleAgents,
} from '../../state/store.ts';

/** After this long without an event the ingest tile stops looking calm. */
const QUIET_INGEST_MS = 300_000;

/** The four numbers that matter, each answering one question. */
export function Tiles() {
  const body = status.state.value.data;
  return (
    <section class="panel tiles" aria-label="At a glance">
      <BreakersTile />
      <AgentsTile />
      {body?.scope === undefined && (
        <>
          <RevocationTile body={body} />
          <IngestTile body={body} />
        </>
      )}
    </section>
  );
}

function BreakersTile() {
  const open = heldBreakers.value;
  const owed = open.filter((breaker) => breaker.awaiting.length > 0).length;
  const late = open.filter((breaker) => breaker.late.length > 0).length;
  const known = breakers.state.value.data !== null;
  return (
    <div class="tile">
      <h2 class="tile-label">Open breakers</h2>
      <p class={`tile-value ${open.length > 0 ? 'trip' : ''}`}>{known ? open.length : '–'}</p>
      {known && (
        <p class={`tile-note ${owed > 0 ? 'warn' : ''}`}>
          {owed > 0 && `${plural(owed, 'breaker')} not yet confirmed`}
          {late > 0 && `, ${late} late`}
          {owed === 0 && open.length > 0 && 'all confirmed by brokers'}
          {open.length === 0 && 'nothing is tripped'}
        </p>
      )}
    </div>
  );
}

const STATES: readonly { readonly state: AgentState; readonly label: string }[] = [
  { state: 'tripped', label: 'tripped' },
  { state: 'at_risk', label: 'at risk' },
  { state: 'unregistered', label: 'unregistered' },
  { state: 'learning', label: 'learning' },
  { state: 'normal', label: 'normal' },
];

function AgentsTile() {
  const known = agents.state.value.data !== null;
  const shown = visibleAgents.value;
  const counts = STATES.map((one) => ({ ...one, count: countOf(shown, one.state) })).filter(
    (one) => one.count > 0,
  );
  return (
    <div class="tile tile-agents">
      <h2 class="tile-label">Agents</h2>
      <p class="tile-value">{known ? formatCount(agentCount.value) : '–'}</p>
      {counts.length > 0 && (
        <>
          <div class="proportions" aria-hidden="true">
            {counts.map((one) => (
              <span
                key={one.state}
                class={`fill-${one.state}`}
                style={{ '--share': String(one.count) }}
              />
            ))}
          </div>
          <ul class="legend">
            {counts.map((one) => (
              <li key={one.state}>
                <span class={`swatch fill-${one.state}`} aria-hidden="true" />
                <span>
                  <b>{one.count}</b> {one.label}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function countOf(list: readonly AgentBody[], state: AgentState): number {
  return list.filter((agent) => agent.state === state).length;
}

function RevocationTile({ body }: { body: StatusBody | null }) {
  const figures = body?.revocation;
  const measured = figures !== undefined && figures.p50_ms !== null;
  return (
    <div class="tile">
      <h2 class="tile-label">Trip to broker’s confirmation</h2>
      <p class="tile-value">
        {measured ? formatDuration(figures.p50_ms) : '–'}
        {measured && <small>median</small>}
      </p>
      {figures !== undefined && (
        <p class={`tile-note ${figures.unacknowledged > 0 ? 'warn' : ''}`}>
          {measured && `p99 ${formatDuration(figures.p99_ms)} · `}
          {figures.unacknowledged > 0
            ? `${figures.unacknowledged} outstanding`
            : `${formatCount(figures.delivered)} delivered`}
        </p>
      )}
    </div>
  );
}

function IngestTile({ body }: { body: StatusBody | null }) {
  const ingest = body?.ingest;
  const last = ingest?.last_event_at ?? null;
  const quiet = last !== null && now.value - Date.parse(last) > QUIET_INGEST_MS;
  return (
    <div class="tile">
      <h2 class="tile-label">Events received</h2>
      <p class="tile-value">
        {ingest === undefined ? '–' : formatCompact(ingest.per_second)}
        {ingest !== undefined && <small>per second</small>}
      </p>
      {ingest !== undefined && (
        <p class={`tile-note ${quiet ? 'warn' : ''}`}>
          {formatCompact(ingest.events)} in all
          {last !== null && (
            <>
              , last <Age at={last} ago />
            </>
          )}
          {ingest.rejected > 0 && `, ${formatCompact(ingest.rejected)} rejected`}
        </p>
      )}
    </div>
  );
}
