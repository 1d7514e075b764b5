import type { IngestStatusBody } from '../../../../../src/api/contract.ts';
import { Panel } from '../../components/panel.tsx';
import { Snippet } from '../../components/snippet.tsx';
import { formatCount, plural } from '../../format/number.ts';
import { spaced } from '../../format/reason.ts';
import { api } from '../../state/api.ts';
import { tenantFilter } from '../../state/router.ts';
import { useLoaded } from '../../state/use-loaded.ts';
import { IntakePanel } from './intake-panel.tsx';
import { SourceTable } from './source-table.tsx';

const AGAIN_MS = 5_000;

/** What arrives, what does not, and what would mend it. */
export function SourcesPage() {
  const tenant = tenantFilter.value;
  const load = () => api.ingestStatus(tenant);
  const { resource, again } = useLoaded(tenant, load, () => AGAIN_MS);
  const body = resource.data;
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Sources</h1>
          <p class="facts hint">
            Who sends, what of it arrives, and what would mend the rest. A source that is silent is
            a blind spot, not calm.
          </p>
        </div>
      </div>
      <div class="stack sources-stack">
        <Panel
          title="Who sends"
          count={body === null ? undefined : String(body.sources.length)}
          aside={body === null ? undefined : <Queue queue={body.queue} />}
          resource={resource}
          onRetry={again}
          skeletonRows={6}
        >
          {(status) =>
            status.sources.length === 0 ? (
              <NothingArrives status={status} />
            ) : (
              <SourceTable sources={status.sources} />
            )
          }
        </Panel>
        {body !== null && <Rest body={body} />}
      </div>
    </>
  );
}

function Rest({ body }: { body: IngestStatusBody }) {
  return (
    <>
      {body.turned_away.length > 0 && <TurnedAway rows={body.turned_away} />}
      {body.intakes.map((intake) => (
        <IntakePanel key={`${intake.credential}/${intake.format}`} intake={intake} />
      ))}
      {body.kafka.length > 0 && <Kafka rows={body.kafka} />}
      {body.blind.length > 0 && <Blind rows={body.blind} />}
    </>
  );
}

const QUEUE_WORDS: Readonly<Record<IngestStatusBody['queue']['state'], string>> = {
  open: 'Taking events',
  filling: 'Queue more than half full',
  refusing: 'Queue full: senders get 429',
  unwritable: 'Ledger cannot be written: senders get 503',
};

function Queue({ queue }: { queue: IngestStatusBody['queue'] }) {
  return (
    <span class={queue.state === 'open' ? '' : 'tile-note warn'}>
      {QUEUE_WORDS[queue.state]}
      {queue.length !== null && queue.length > 0 && ` · ${formatCount(queue.length)} waiting`}
    </span>
  );
}

/** For somebody who has just pointed a collector here and sees nothing. */
function NothingArrives({ status }: { status: IngestStatusBody }) {
  const { origin } = globalThis.location;
  const knocks = status.turned_away.length > 0 || status.intakes.length > 0;
  return (
    <div class="panel-body sources-empty">
      <h3>No event has arrived{knocks ? ', but somebody tries' : ' yet'}</h3>
      <p>
        {knocks
          ? 'Below stands what came and why nothing of it became an event.'
          : 'Not even a refused request was seen: check address, port and firewall of the sender.'}
      </p>
      <p>Point an OpenTelemetry collector or SDK here:</p>
      <Snippet
        name="environment variables for an OpenTelemetry exporter"
        text={`export OTEL_EXPORTER_OTLP_ENDPOINT=${origin}
export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer $TRIPCOIL_INGEST_TOKEN"`}
      />
      <p>Or let one marked span through, and follow it to storage:</p>
      <Snippet name="command that sends a probe" text="npm run tripcoil -- doctor --probe" />
    </div>
  );
}

const TURNED_AWAY_WORDS: Readonly<Record<string, string>> = {
  unauthenticated: 'The token is missing, or is none of those under tokens in the configuration.',
  forbidden: 'The token is known but lacks the role ingest.',
  overloaded: 'The queue was full; senders come again by themselves.',
  payload_too_large: 'The body is over 64 MiB; let the sender batch less.',
  unsupported_media_type: 'The content type is none that this address takes.',
  bad_request: 'The body could not be read at all.',
};

function TurnedAway({ rows }: { rows: IngestStatusBody['turned_away'] }) {
  return (
    <section class="panel" aria-labelledby="turned-away">
      <header class="panel-head">
        <h2 id="turned-away">Requests refused whole</h2>
      </header>
      <ul class="panel-body sources-list">
        {rows.map(({ format, code, count }) => (
          <li key={`${format}/${code}`}>
            <b>
              {formatCount(count)} × {code}
            </b>{' '}
            at {format}
            <span class="sub">
              {TURNED_AWAY_WORDS[code] ?? 'docs/errors.md explains the code.'}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Kafka({ rows }: { rows: IngestStatusBody['kafka'] }) {
  return (
    <section class="panel" aria-labelledby="topics">
      <header class="panel-head">
        <h2 id="topics">Kafka topics</h2>
      </header>
      <ul class="panel-body sources-list">
        {rows.map(({ name, topic, format, state, lag, partitions }) => (
          <li key={name}>
            <b>{name}</b> reads {topic} as {format}: {state}
            {lag !== null && `, ${formatCount(lag)} behind`}
            <span class="sub">
              {partitions
                .map((one) => `partition ${one.partition}: ${formatCount(one.lag)}`)
                .join(' · ')}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Blind({ rows }: { rows: IngestStatusBody['blind'] }) {
  const acting = rows.filter(({ mode }) => mode !== 'shadow');
  const inShadow = rows.filter(({ mode }) => mode === 'shadow');
  return (
    <section class="panel" aria-labelledby="blind">
      <header class="panel-head">
        <h2 id="blind">What detectors cannot see</h2>
      </header>
      <div class="panel-body">
        {acting.length > 0 && <BlindList rows={acting} />}
        {inShadow.length > 0 && (
          <details class="coverage-shadow">
            <summary>Detectors in shadow, which cannot act: {inShadow.length}</summary>
            <BlindList rows={inShadow} />
          </details>
        )}
      </div>
    </section>
  );
}

function BlindList({ rows }: { rows: IngestStatusBody['blind'] }) {
  return (
    <ul class="sources-list">
      {rows.map(({ detector, field, cure, agents, examples }) => (
        <li key={`${detector}/${field}`}>
          <b>{spaced(detector)}</b> lacks <code>{field}</code> for {plural(agents, 'agent')} (
          {examples.join(', ')}
          {agents > examples.length && ', …'})<span class="sub">{cure}</span>
        </li>
      ))}
    </ul>
  );
}
