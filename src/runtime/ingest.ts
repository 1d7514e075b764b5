import { setImmediate as turn } from 'node:timers/promises';
import type { AccessEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { Redacted } from '../core/redacted.ts';
import type { Reject } from '../core/reject.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ingest, IngestResult, ReceivedBatch } from '../ports/ingest.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Redactor } from '../ports/redactor.ts';
import { attribute } from './attribution.ts';
import { clockSkew } from './clock-skew.ts';
import type { Partition } from './partition.ts';

export interface IngestOptions {
  readonly partition: Partition;
  readonly redactor: Redactor;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Lets others run: resolves in a later turn of the event loop. `setImmediate` unless given. */
  readonly nextTurn?: () => Promise<unknown>;
  /** Sees each redacted event once it is durable, for forwarding. Neither blocks nor throws. */
  readonly forward?: (event: Redacted<AccessEvent>) => void;
}

interface Judged {
  readonly accepted: Redacted<AccessEvent>[];
  readonly rejects: Reject[];
}

export interface IngestCounters {
  events: number;
  rejected: number;
  lastEventAt: number | null;
}

/**
 * Attribute, check the clock, redact, append. Raw events never leave this function's stack. A large
 * batch is worked off in slices of `LIMITS.ingestSliceMs`, and still appended as one.
 */
export function createIngest(
  options: IngestOptions,
): Ingest & { readonly counters: IngestCounters } {
  const { partition, redactor, clock, metrics } = options;
  const nextTurn = options.nextTurn ?? turn;
  const counters: IngestCounters = { events: 0, rejected: 0, lastEventAt: null };
  /** Events of batches that are being redacted; they will want the queue soon. */
  let underWay = 0;

  async function submit(batch: ReceivedBatch): Promise<IngestResult> {
    underWay += batch.events.length;
    let judged: Judged;
    try {
      judged = await judge(batch);
    } finally {
      underWay -= batch.events.length;
    }
    const { accepted, rejects } = judged;
    if (accepted.length > 0) {
      await partition.append(
        accepted.map((event) => ({ kind: 'input', tenant: event.tenant.id, body: event })),
      );
    }
    for (const event of accepted) options.forward?.(event);
    note(accepted, rejects, batch);
    return { accepted: accepted.length, rejects };
  }

  /** Does not wait at all when one slice is enough. */
  async function judge(batch: ReceivedBatch): Promise<Judged> {
    const now = clock.now();
    const judged: Judged = { accepted: [], rejects: [] };
    let sliceEnd = clock.monotonicMs() + LIMITS.ingestSliceMs;
    for (const [index, received] of batch.events.entries()) {
      if (clock.monotonicMs() >= sliceEnd) {
        await nextTurn();
        sliceEnd = clock.monotonicMs() + LIMITS.ingestSliceMs;
      }
      const position = batch.positions?.[index] ?? index;
      const event = attribute(received, batch.sender, position, batch.history ?? false);
      const reject = 'code' in event ? event : clockSkew(event, position, now);
      if (reject) judged.rejects.push(reject);
      else if (!('code' in event)) judged.accepted.push(redactor.redact(event));
    }
    return judged;
  }

  function note(
    accepted: readonly Redacted<AccessEvent>[],
    rejects: readonly Reject[],
    batch: ReceivedBatch,
  ): void {
    counters.events += accepted.length;
    counters.rejected += rejects.length;
    const source = batch.events[0]?.source.format ?? 'unknown';
    if (accepted.length > 0) {
      counters.lastEventAt = clock.now();
      const seconds = counters.lastEventAt / 1_000;
      metrics.gauge('tripcoil_ingest_last_event_timestamp_seconds', seconds, { source });
    }
    metrics.count('tripcoil_ingest_events_total', { source, result: 'accepted' }, accepted.length);
    if (rejects.length > 0) {
      metrics.count('tripcoil_ingest_events_total', { source, result: 'invalid' }, rejects.length);
    }
  }

  return {
    counters,
    submit,
    overloaded: () => partition.queued + underWay >= LIMITS.queuedEvents,
  };
}
