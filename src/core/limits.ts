import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './time.ts';

/**
 * Every bound of the process, in one place, with the arithmetic. A change here changes memory and
 * the answers given under load; `limits.test.ts` checks the sums.
 */
export const LIMITS = {
  /** OTLP 1.11 recommends 64 MiB, before and after decompression. */
  bodyBytes: 64 * 1024 * 1024,
  /** One event of the native format, as text. 1 MiB holds any sane tool call. */
  eventBytes: 1024 * 1024,
  /** Nesting of an OTLP AnyValue or of JSON content. */
  valueDepth: 16,
  attributesPerSpan: 1_024,
  /** Any identifier: agent, session, tool, resource. Longer ones are cut with a hash behind. */
  identifierChars: 256,
  /** Rejects reported back by value; the rest are only counted. */
  rejectsReported: 20,

  /** Events waiting for the ledger: at 1 KiB each 64 MiB. Beyond it senders get 429. */
  queuedEvents: 65_536,
  /** Bodies being decoded at once: 4 × 64 MiB × (body + decompressed) = 512 MiB at worst. */
  concurrentBodies: 4,
  /** One group commit: the smaller of these. 4,096 × 0.6 KiB = 2.4 MiB a write. */
  commitEntries: 4_096,
  commitBytes: 4 * 1024 * 1024,
  segmentBytes: 64 * 1024 * 1024,

  agentsPerTenant: 100_000,
  tenants: 1_000,
  /** Event ids remembered per tenant for idempotency; 16 bytes of key and hash each, about 16 MiB. */
  rememberedEventIds: 131_072,
  sessionsPerAgent: 64,
  rememberedToolsPerAgent: 256,
  breakersPerTenant: 200_000,
  findingsKeptPerAgent: 32,
  notJudgedFieldsPerAgent: 16,

  /** Transitions a reconnecting broker may resume over without a snapshot, per tenant. */
  feedRing: 4_096,
  feedSubscribers: 1_000,
  /** A subscriber whose socket buffers more is cut off and resynchronises. */
  feedBufferBytes: 1024 * 1024,
  feedHeartbeatMs: 1 * SECOND_MS,
  outboxPending: 100_000,
  deliveryTimeoutMs: 2 * SECOND_MS,
  deliveryBackoffFirstMs: 100,
  deliveryBackoffMaxMs: 30 * SECOND_MS,

  /** Projection batches queued to the store before the oldest are left for catch-up from the ledger. */
  projectionBatches: 64,

  retryAfterSeconds: 1,
  tickMs: 1 * SECOND_MS,
  /** Events further ahead of the log than this are quarantined. */
  futureSkewMs: 15 * MINUTE_MS,
  /** Live events older than this count for the record, not for windows. */
  latenessMs: 15 * MINUTE_MS,
  historyMaxAgeMs: 400 * DAY_MS,
  shutdownGraceMs: 10 * SECOND_MS,
  snapshotEveryEntries: 200_000,
  snapshotEveryMs: 1 * HOUR_MS,
} as const;
