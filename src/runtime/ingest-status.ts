import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { sourceText } from '../engine/source/findings.ts';
import { missedAt, pauseAllowedMs } from '../engine/source/rhythm.ts';
import { type Watch, watchOf } from '../engine/source/settings.ts';
import { lagQuantileMs, ratesAt, type SourceState, watermarkOf } from '../engine/source/source.ts';
import { sourcesOf } from '../engine/source/sources.ts';
import type { TenantState } from '../engine/tenant-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { IngestStatus, SourceView } from '../ports/ingest-status.ts';
import type { NotesOfIngest } from './ingest-notes.ts';
import type { Partition } from './partition.ts';

/** What people look at when nothing, or not everything, arrives. Plain values. */
export function createIngestStatus(options: {
  readonly partition: Partition;
  readonly notes: NotesOfIngest;
  readonly overloaded: () => boolean;
  readonly clock: Clock;
}): IngestStatus {
  const { partition, notes, overloaded, clock } = options;
  return {
    sources: (tenants) => {
      const now = clock.now();
      return [...partition.shard.tenants.values()]
        .filter(({ tenant }) => tenants === '*' || tenants.includes(tenant))
        .flatMap((tenant) =>
          [...sourcesOf(tenant.sources)].map((source) => sourceView(tenant, source, now)),
        )
        .sort(byUrgency);
    },
    intakes: (tenants) => notes.views(tenants),
    turnedAway: () => notes.turnedAwayViews(),
    queue: () => ({
      length: partition.queued,
      capacity: LIMITS.queuedEvents,
      overloaded: overloaded(),
      writable: partition.writable,
    }),
  };
}

/** How a source is by now; between ticks a pause shows before it is a finding. */
export function stateOfSource(
  source: SourceState,
  watch: Watch,
  now: EpochMs,
): SourceView['state'] {
  if (source.silence !== null) return 'silent';
  // Without a known rhythm this says no more than that a while has passed.
  const allowedMs = pauseAllowedMs(source.rhythm, watch.silenceFloorMs);
  if (source.rhythm.unjudged !== null) return now - source.lastAt > allowedMs ? 'quiet' : 'sending';
  const at = missedAt(source.rhythm, source.lastAt, allowedMs);
  return at !== null && at <= now ? 'quiet' : 'sending';
}

function sourceView(tenant: TenantState, source: SourceState, now: EpochMs): SourceView {
  const watch = watchOf(tenant.config);
  const [perSecond, perSecondHour] = ratesAt(source, now);
  const { sequence, silence, rhythm, name, format, sender, trust } = source;
  const unjudged = watch.mode === 'off' ? 'off' : rhythm.unjudged;
  return {
    ...{ tenant: tenant.tenant, id: sourceText(source), name, format, sender, trust },
    state: stateOfSource(source, watch, now),
    perSecond: rounded(perSecond),
    perSecondHour: rounded(perSecondHour),
    lagP50Ms: lagQuantileMs(source, 0.5),
    lagP99Ms: lagQuantileMs(source, 0.99),
    firstSeen: source.firstAt,
    lastSeen: source.lastAt,
    watermark: watermarkOf(source),
    accepted: source.events,
    duplicates: source.duplicates,
    sequence:
      sequence.head === null
        ? null
        : {
            last: sequence.head,
            restarts: sequence.run,
            missing: sequence.missing.reduce((sum, { count }) => sum + count, 0),
            gaps: sequence.missing.map(({ from, to, since, findingId }) => ({
              ...{ from, to, since, told: findingId !== null },
            })),
          },
    silence: {
      since: silence?.since ?? null,
      allowedMs: unjudged === null ? pauseAllowedMs(rhythm, watch.silenceFloorMs) : null,
      longestPauseMs: rhythm.longestPauseMs,
      unjudged,
    },
  };
}

const URGENCY: readonly SourceView['state'][] = ['silent', 'quiet', 'sending'];

/** What needs a person first; else by name, so that rows stay where they are. */
function byUrgency(left: SourceView, right: SourceView): number {
  const rank = (view: SourceView): number =>
    (view.sequence?.missing ?? 0) > 0 && view.state === 'sending'
      ? 1
      : 2 * URGENCY.indexOf(view.state);
  const text = (view: SourceView): string => `${view.tenant}\n${view.id}`;
  return rank(left) - rank(right) || (text(left) < text(right) ? -1 : 1);
}

function rounded(perSecond: number): number {
  return Math.round(perSecond * 1_000) / 1_000;
}
