import { Snippet } from './snippet.tsx';

function sampleEvent(): string {
  const origin = globalThis.location.origin;
  return `curl ${origin}/v1/events \\
  -H "authorization: Bearer $TRIPCOIL_INGEST_TOKEN" \\
  -H "content-type: application/json" \\
  -d '{"id":"evt-1","time":"${new Date().toISOString()}",
       "agent":{"id":"my-agent"},
       "action":{"name":"search_orders","op":"read"},
       "volume":{"records":12},
       "outcome":{"status":"success"}}'`;
}

/** What a new installation shows instead of empty tables. */
export function FirstRun() {
  return (
    <section class="panel first-run" aria-labelledby="first-run-title">
      <h1 id="first-run-title">Nothing received yet</h1>
      <p>
        Tripcoil is running and listening. Agents appear here with their first event; nothing can
        trip before you enforce a tenant.
      </p>
      <h2>Send one event</h2>
      <Snippet name="curl command that sends one event" text={sampleEvent()} />
      <h2>Or point an OpenTelemetry exporter here</h2>
      <Snippet
        name="environment variables for an OpenTelemetry exporter"
        text={`export OTEL_EXPORTER_OTLP_ENDPOINT=${globalThis.location.origin}
export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer $TRIPCOIL_INGEST_TOKEN"`}
      />
      <h2>Or look around with synthetic agents first</h2>
      <Snippet name="command that starts the demo" text="npm run demo" />
    </section>
  );
}
