/** One metric as exposed: base units, labels from closed sets, never an agent, user or trace. */
export interface MetricDeclaration {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram, in the metric's unit. */
  readonly buckets?: readonly number[];
}

const FAST_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const TRIP_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
const HTTP_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const BATCH_SIZES = [1, 4, 16, 64, 256, 1_024, 4_096];

/** Every metric of the process. A name that is not here is a bug; a test searches the source. */
export const METRICS: Readonly<Record<string, MetricDeclaration>> = {
  tripcoil_build_info: {
    type: 'gauge',
    help: 'Always 1; the labels say what runs.',
    labels: ['version', 'node'],
  },

  tripcoil_ingest_events_total: {
    type: 'counter',
    help: 'Events by what became of them.',
    labels: ['source', 'result'],
  },
  tripcoil_ingest_rejects_total: {
    type: 'counter',
    help: 'Records refused before they became events, by reason.',
    labels: ['source', 'code'],
  },
  tripcoil_ingest_bytes_total: {
    type: 'counter',
    help: 'Bytes of bodies received, before decompression.',
    labels: ['source'],
  },
  tripcoil_ingest_refusals_total: {
    type: 'counter',
    help: 'Requests refused before they were read: a tenant over its share, or no room at all.',
    labels: ['reason'],
  },
  tripcoil_ingest_last_event_timestamp_seconds: {
    type: 'gauge',
    help: 'When the last event was accepted.',
    labels: ['source'],
  },
  tripcoil_tokens_total: {
    type: 'counter',
    help: 'Tokens that events were presented with: verified, or why not.',
    labels: ['result'],
  },
  tripcoil_jwks_fetches_total: {
    type: 'counter',
    help: "Fetches of token issuers' keys by result.",
    labels: ['result'],
  },
  tripcoil_authentications_total: {
    type: 'counter',
    help: 'Credentials sent to this process by outcome.',
    labels: ['outcome'],
  },
  tripcoil_events_not_judged_total: {
    type: 'counter',
    help:
      'Events recorded but not judged, or not by all: late or ahead of the clock (deterministic ' +
      'detectors judge these), beyond the limit of agents or tenants, or after a failure of a ' +
      'detector or of the engine.',
    labels: ['reason'],
  },
  tripcoil_ingest_queue_length: {
    type: 'gauge',
    help: 'Events waiting for the ledger.',
  },

  tripcoil_ingest_unattributed_total: {
    type: 'counter',
    help: 'Records that named no agent, no tenant or no known operation.',
    labels: ['source', 'missing'],
  },
  tripcoil_sources: {
    type: 'gauge',
    help: 'Sources by state: sending, quiet for longer than usual, silent with a finding.',
    labels: ['state'],
  },
  tripcoil_sources_missing_events: {
    type: 'gauge',
    help: 'Numbers missing in the sequences of all sources; those told of leave after a day.',
  },

  tripcoil_kafka_records_total: {
    type: 'counter',
    help: 'Records taken from Kafka: read, or refused in whole or part.',
    labels: ['source', 'result'],
  },
  tripcoil_kafka_refusals_total: {
    type: 'counter',
    help: 'Batches from Kafka that were not taken and come again, by reason.',
    labels: ['source', 'code'],
  },
  tripcoil_kafka_dead_letters_total: {
    type: 'counter',
    help: 'Refused records by whether the dead-letter topic was told.',
    labels: ['source', 'result'],
  },
  tripcoil_kafka_sink_records_total: {
    type: 'counter',
    help: 'Records of breaker states and security events written to Kafka, or not.',
    labels: ['broker', 'result'],
  },
  tripcoil_kafka_consumer_lag_messages: {
    type: 'gauge',
    help: 'Records of the topic not committed yet.',
    labels: ['source'],
  },
  tripcoil_kafka_consumer_up: {
    type: 'gauge',
    help: '1 while the topic is being read or paused, 0 while it cannot be.',
    labels: ['source'],
  },

  tripcoil_redactions_total: {
    type: 'counter',
    help: 'Values replaced before anything was written, by type.',
    labels: ['type'],
  },
  tripcoil_evaluations_total: {
    type: 'counter',
    help: 'Chains by what the rubric made of them, or why they were not evaluated or not reviewed.',
    labels: ['result'],
  },
  tripcoil_judge_total: {
    type: 'counter',
    help: 'Questions to the judge: answered, unreadable, failed, or over budget.',
    labels: ['result'],
  },
  tripcoil_redaction_external_total: {
    type: 'counter',
    help: 'Texts for an external recogniser: answered, failed, or refused by a full queue.',
    labels: ['result'],
  },
  tripcoil_redaction_failures_total: {
    type: 'counter',
    help: 'Fields replaced whole because they could not be judged.',
  },

  tripcoil_ledger_entries_total: { type: 'counter', help: 'Entries on disk.' },
  tripcoil_ledger_bytes_total: { type: 'counter', help: 'Bytes appended to segments.' },
  tripcoil_ledger_commit_entries: {
    type: 'histogram',
    help: 'Entries that shared one write and one fsync.',
    buckets: BATCH_SIZES,
  },
  tripcoil_ledger_commit_seconds: {
    type: 'histogram',
    help: 'One write with its fsync.',
    buckets: FAST_SECONDS,
  },
  tripcoil_ledger_checkpoints_total: {
    type: 'counter',
    help: 'Signed checkpoints of transparency logs.',
  },
  tripcoil_ledger_anchor_failures_total: {
    type: 'counter',
    help: 'Writings of signed checkpoints to the anchor file that failed and are tried again.',
  },
  tripcoil_ledger_publish_failures_total: {
    type: 'counter',
    help: 'Publications of transparency logs that failed and are tried again.',
  },
  tripcoil_ledger_write_failures_total: {
    type: 'counter',
    help: 'Writes that failed; nothing is acknowledged meanwhile.',
  },

  tripcoil_findings_total: {
    type: 'counter',
    help: 'Findings by detector, level and mode.',
    labels: ['detector', 'level', 'mode'],
  },
  tripcoil_trips_total: {
    type: 'counter',
    help: 'Breakers opened or raised.',
    labels: ['detector', 'class', 'level'],
  },
  tripcoil_trips_suppressed_total: {
    type: 'counter',
    help: 'Findings that moved no breaker, or moved it less than asked, by reason.',
    labels: ['reason'],
  },
  tripcoil_resets_total: { type: 'counter', help: 'Breakers closed.', labels: ['class'] },
  tripcoil_detectors_set_aside_total: {
    type: 'counter',
    help: 'Detectors of your own that took too long and are no longer asked by a tenant.',
    labels: ['detector'],
  },
  tripcoil_config_last_reload_successful: {
    type: 'gauge',
    help: '1 while what holds is what the files say; 0 since a file was refused.',
  },
  tripcoil_breakers: { type: 'gauge', help: 'Breakers by phase.', labels: ['phase'] },
  tripcoil_agents: { type: 'gauge', help: 'Agents by state.', labels: ['state'] },
  tripcoil_agents_by_risk: {
    type: 'gauge',
    help: 'Agents by risk: `none` is 0, then quarters of 100: `low`, `medium`, `high`, `critical`.',
    labels: ['risk'],
  },
  tripcoil_time_to_trip_seconds: {
    type: 'histogram',
    help: 'From the event’s own time to the opening of the breaker.',
    labels: ['detector'],
    buckets: TRIP_SECONDS,
  },

  tripcoil_revocations_total: {
    type: 'counter',
    help: 'Revocations by transport and result.',
    labels: ['broker', 'transport', 'result'],
  },
  tripcoil_orders_parked_total: {
    type: 'counter',
    help: 'Orders that an enforcement point refused: it will not obey them.',
    labels: ['broker'],
  },
  tripcoil_actuator_calls_total: {
    type: 'counter',
    help: 'Calls of actuators by action and how they ended: done, retry, refused.',
    labels: ['actuator', 'action', 'result'],
  },
  tripcoil_actuator_seconds: {
    type: 'histogram',
    help: 'One call of an actuator, all of its steps.',
    labels: ['actuator', 'action'],
    buckets: HTTP_SECONDS,
  },
  tripcoil_actuator_looks_total: {
    type: 'counter',
    help: 'Looks at targets that should be frozen, by what was seen.',
    labels: ['actuator', 'seen'],
  },
  tripcoil_actuator_drift_total: {
    type: 'counter',
    help: 'Targets that were not as they had been left, and were put right.',
    labels: ['actuator'],
  },
  tripcoil_actuator_resting: {
    type: 'gauge',
    help: '1 while an actuator is not called, since its target does not answer.',
    labels: ['actuator'],
  },
  tripcoil_acknowledgements_late_total: {
    type: 'counter',
    help: 'Orders that an enforcement point had not acknowledged by the deadline.',
    labels: ['broker'],
  },
  tripcoil_escalations_total: {
    type: 'counter',
    help: 'Actuators called in the place of a late one, or for use after a revocation.',
    labels: ['actuator', 'why'],
  },
  tripcoil_ssf_stream_ack_lag_seconds: {
    type: 'gauge',
    help: 'Age of the oldest order that a receiver of shared signals has not answered.',
    labels: ['broker'],
  },
  tripcoil_ssf_streams: {
    type: 'gauge',
    help: 'Streams of shared signals by status.',
    labels: ['status'],
  },
  tripcoil_revocations_unacked: {
    type: 'gauge',
    help: 'Deliveries still owed to enforcement points.',
    labels: ['broker'],
  },
  tripcoil_time_to_revoke_seconds: {
    type: 'histogram',
    help: 'From the opening of a breaker to an enforcement point’s acknowledgement.',
    labels: ['broker'],
    buckets: TRIP_SECONDS,
  },
  tripcoil_checks_total: {
    type: 'counter',
    help: 'Questions asked before an action.',
    labels: ['form', 'result'],
  },
  tripcoil_introspections_total: {
    type: 'counter',
    help: 'Tokens asked about by RFC 7662, by what was answered.',
    labels: ['result'],
  },
  tripcoil_feed_cuts_total: {
    type: 'counter',
    help: 'Feed subscribers cut off, who then resynchronise.',
    labels: ['why'],
  },
  tripcoil_sse_clients: {
    type: 'gauge',
    help: 'Open event streams.',
    labels: ['kind'],
  },

  tripcoil_store_up: { type: 'gauge', help: '1 while the store’s process runs.' },
  tripcoil_store_restarts_total: {
    type: 'counter',
    help: 'Attempts to start the store’s process again.',
  },
  tripcoil_store_projection_lag_entries: {
    type: 'gauge',
    help: 'Log entries the store has not seen yet.',
  },
  tripcoil_store_rebuild_entries: {
    type: 'gauge',
    help: 'Entries that a rebuild of the store has still to take from the ledger; 0 without one.',
  },
  tripcoil_notifications_total: {
    type: 'counter',
    help: 'Alerts sent to people, by result.',
    labels: ['sink', 'result'],
  },
  tripcoil_notification_queue_length: {
    type: 'gauge',
    help: 'Alerts waiting to be sent.',
    labels: ['sink'],
  },

  tripcoil_http_request_duration_seconds: {
    type: 'histogram',
    help: 'Requests by route template; streams are left out.',
    labels: ['route', 'code_class'],
    buckets: HTTP_SECONDS,
  },
  tripcoil_forwarded_spans_total: {
    type: 'counter',
    help: 'Redacted events passed on to the downstream OTLP endpoint.',
    labels: ['result'],
  },
  tripcoil_metric_series_dropped_total: {
    type: 'counter',
    help: 'Label combinations refused because a metric had too many.',
    labels: ['metric'],
  },
};
