import type { AccessEvent, ReceivedEvent } from '../core/access-event.ts';
import { OWN_FORMAT } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { Redacted } from '../core/redacted.ts';
import type { Reject } from '../core/reject.ts';
import { isRepeatOf } from '../engine/repeats.ts';
import type { Shard } from '../engine/shard.ts';
import type { Clock } from '../ports/clock.ts';
import {
  type Ingest,
  type IngestResult,
  type Principal,
  type ReceivedBatch,
  type Refusal,
  shareOf,
} from '../ports/ingest.ts';
import { type IngestNotes, NO_NOTES, type Overlooked } from '../ports/ingest-notes.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Redactor } from '../ports/redactor.ts';
import type { TokenVerifier } from '../ports/token-verifier.ts';
import { attribute } from './attribution.ts';
import { clockSkew } from './clock-skew.ts';
import { contentMarksOf } from './entries.ts';
import type { Partition } from './partition.ts';
import { readTokens } from './presented-token.ts';
import type { Turns } from './turns.ts';
import { UnderWay } from './under-way.ts';

export interface IngestOptions {
  readonly partition: Partition;
  readonly redactor: Redactor;
  /** Reads the tokens that events were presented with; without it they are dropped unread. */
  readonly verifier?: TokenVerifier;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly notes?: IngestNotes;
  /** Shared with the writer of the partition. */
  readonly turns: Turns;
  /** Sees each redacted event once it is durable, for forwarding. Neither blocks nor throws. */
  readonly forward?: (event: Redacted<AccessEvent>) => void;
}

interface Judged {
  readonly accepted: readonly Redacted<AccessEvent>[];
  readonly rejects: Reject[];
  /** A few of those that name no tenant, by their attributes' names. */
  readonly overlooked: Overlooked[];
}

export interface IngestCounters {
  events: number;
  rejected: number;
  lastEventAt: number | null;
}

/** What redaction sealed is on disk before the events that it was sealed for. */
async function append(
  { partition, redactor }: IngestOptions,
  accepted: readonly Redacted<AccessEvent>[],
  share: string,
): Promise<void> {
  redactor.flush?.();
  await partition.append(
    accepted.map((event) => ({ kind: 'input', tenant: event.tenant.id, body: event })),
    share,
  );
}

/**
 * Attribute, check the clock, redact, append. Raw events never leave this function's stack. A large
 * batch is worked off in slices of `LIMITS.ingestSliceMs`, in turns with those of other tenants,
 * and still taken in as one.
 */
export function createIngest(options: IngestOptions): Ingest & {
  readonly counters: IngestCounters;
  /** True when a tenant that has nothing under way would be refused, too. */
  overloaded(): boolean;
} {
  const { partition, clock, metrics, turns, notes = NO_NOTES } = options;
  const counters: IngestCounters = { events: 0, rejected: 0, lastEventAt: null };
  const underWay = new UnderWay(partition);

  async function submit(batch: ReceivedBatch): Promise<IngestResult> {
    const share = shareOf(batch.sender);
    underWay.add(share, batch.events.length);
    const judged = await judge(options, batch, share).finally(() => {
      underWay.add(share, -batch.events.length);
    });
    const { accepted, rejects } = judged;
    const duplicates = accepted.filter((event) => wasTakenIn(partition.shard, event)).length;
    if (accepted.length > 0) await append(options, accepted, share);
    for (const event of accepted) options.forward?.(event);
    note(judged, batch);
    return { accepted: accepted.length, duplicates, rejects };
  }

  function refusal(sender: Principal): Refusal | null {
    turns.arrived();
    const reason = underWay.refusal(shareOf(sender));
    if (reason !== null) metrics.count('tripcoil_ingest_refusals_total', { reason });
    return reason;
  }

  function note(judged: Judged, batch: ReceivedBatch): void {
    const { accepted, rejects } = judged;
    const source = batch.events[0]?.source.format ?? 'unknown';
    if (source === OWN_FORMAT) return;
    counters.events += accepted.length;
    counters.rejected += rejects.length;
    if (accepted.length > 0) {
      counters.lastEventAt = clock.now();
      const seconds = counters.lastEventAt / 1_000;
      metrics.gauge('tripcoil_ingest_last_event_timestamp_seconds', seconds, { source });
    }
    countResults(metrics, source, accepted.length, rejects.length);
    tell(notes, judged, batch.sender, source);
  }

  return {
    counters,
    submit,
    refusal,
    overloaded: () => underWay.refusal(NEWCOMER) !== null,
    turn: (sender, slice) =>
      slice === 'begin' ? turns.begin(shareOf(sender)) : turns.next(shareOf(sender)),
  };
}

/** Does not wait where one slice is enough, no event has a token and nobody else is to be asked. */
async function judge(
  { verifier, clock, redactor, turns }: IngestOptions,
  batch: ReceivedBatch,
  share: string,
): Promise<Judged> {
  const reading = readTokens(verifier, batch.events, batch.sender);
  const tokens = reading && (await reading);
  const now = clock.now();
  const accepted: Redacted<AccessEvent>[] = [];
  const judged = { accepted, rejects: [] as Reject[], overlooked: [] as Overlooked[] };
  for (const [index, received] of batch.events.entries()) {
    if (turns.over) await turns.next(share);
    const position = batch.positions?.[index] ?? index;
    const token = tokens?.get(index) ?? null;
    const event = attribute(received, batch.sender, position, batch.history ?? false, token);
    const reject = 'code' in event ? event : clockSkew(event, position, now);
    if (reject) {
      judged.rejects.push(reject);
      overlook(judged.overlooked, reject, received);
    } else if (!('code' in event)) judged.accepted.push(redactor.redact(event));
  }
  if (redactor.complete === undefined || judged.accepted.length === 0) return judged;
  return { ...judged, accepted: await redactor.complete(judged.accepted) };
}

/** Whether what the fold remembers now has this event; one that waits to be folded is not known. */
function wasTakenIn(shard: Shard, event: Redacted<AccessEvent>): boolean {
  const tenant = shard.tenants.get(event.tenant.id);
  if (tenant === undefined) return false;
  return isRepeatOf(tenant, event, () => contentMarksOf(event, JSON.stringify(event)));
}

/** No tenant and no sender is called so. */
const NEWCOMER = '';

function tell(
  notes: IngestNotes,
  { accepted, rejects, overlooked }: Judged,
  sender: Principal,
  source: string,
): void {
  notes.accepted(sender, accepted);
  if (rejects.length > 0) notes.refused(sender, source, rejects);
  if (overlooked.length > 0) notes.ignored(sender, source, 0, overlooked);
}

function overlook(overlooked: Overlooked[], { path }: Reject, { attrs }: ReceivedEvent): void {
  if (path !== 'tenant' || overlooked.length >= LIMITS.notedRecordsPerBatch) return;
  overlooked.push({ why: 'no_tenant', keys: Object.keys(attrs) });
}

function countResults(metrics: Metrics, source: string, accepted: number, invalid: number): void {
  metrics.count('tripcoil_ingest_events_total', { source, result: 'accepted' }, accepted);
  if (invalid === 0) return;
  metrics.count('tripcoil_ingest_events_total', { source, result: 'invalid' }, invalid);
}

/** What comes in here seeds baselines; that moves any of them, so it takes an operator. */
export function historyIngest(ingest: Ingest): Ingest {
  return {
    refusal: (sender) => ingest.refusal(sender),
    turn: (sender, slice) => ingest.turn(sender, slice),
    submit: (batch) => ingest.submit({ ...batch, history: true }),
  };
}
