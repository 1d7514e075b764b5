import type { AccessEvent } from '../../core/access-event.ts';
import type { InputEntry } from '../../core/entry.ts';
import { LIMITS } from '../../core/limits.ts';
import { type EpochMs, MINUTE_MS } from '../../core/time.ts';
import type { Effects } from '../effects.ts';
import type { Novelty } from '../idempotency.ts';
import type { TenantState } from '../tenant-state.ts';
import { gapClosed, gapFound, silenceEnded, silenceFound } from './findings.ts';
import { missedAt, observeArrival, pauseAllowedMs } from './rhythm.ts';
import { forgetTold, nextOverdueAt, observeSequence, overdue } from './sequence.ts';
import { type Watch, watchOf } from './settings.ts';
import { countEvent, type SourceState } from './source.ts';
import { forgetSource, type SourcesState, sourceOf, sourcesOf, wake } from './sources.ts';

/** Notes an event with its source: how far it came, what is missing, that it is back. */
export function observeSource(
  tenant: TenantState,
  entry: InputEntry,
  novelty: Novelty,
  effects: Effects,
): void {
  const event: AccessEvent = entry.body;
  const { loggedAt } = entry;
  const watch = watchOf(tenant.config);
  if (event.history || watch.mode === 'off') return;
  const { sources } = tenant;
  const source = sourceOf(sources, event, loggedAt);
  if (novelty === 'duplicate') source.duplicates += 1;
  else countEvent(source, event, loggedAt);
  const { silence } = source;
  if (silence === null) observeArrival(source.rhythm, loggedAt);
  else {
    observeArrival(source.rhythm, loggedAt, silence.allowedMs);
    source.silence = null;
    effects.finding(
      tenant.tenant,
      silenceEnded(
        { id: effects.nextId, tenant: tenant.tenant, source, watch },
        event,
        silence,
        loggedAt,
      ),
    );
  }
  source.lastAt = loggedAt;
  const { seq } = event.source;
  if (seq !== undefined && novelty === 'new' && source.format !== '*') {
    const seen = { seq, time: event.time, eventId: event.id };
    const holes = source.sequence.missing.length;
    const closed = observeSequence(source.sequence, seen, loggedAt);
    if (closed !== null) {
      const about = { id: effects.nextId, tenant: tenant.tenant, source, watch };
      effects.finding(tenant.tenant, gapClosed(about, event, closed));
    }
    if (source.sequence.missing.length > holes) schedule(sources, source, watch, loggedAt);
  }
  if (source.checkAt === null && source.rhythm.unjudged === null) {
    schedule(sources, source, watch, loggedAt);
  }
}

/** Tells of what became due by `logTime`. Called for ticks alone, so that only time decides. */
export function checkSources(tenant: TenantState, logTime: EpochMs, effects: Effects): void {
  const { sources } = tenant;
  if (sources.nextAt === null || sources.nextAt > logTime) return;
  sources.nextAt = null;
  const watch = watchOf(tenant.config);
  for (const source of [...sourcesOf(sources)]) {
    if (source.lastAt + LIMITS.sourceForgottenMs < logTime) {
      forgetSource(sources, source);
      continue;
    }
    if (source.checkAt === null) continue;
    if (source.checkAt > logTime) {
      wake(sources, source.checkAt);
      continue;
    }
    source.checkAt = null;
    forgetTold(source.sequence, logTime - LIMITS.sourceGapKeptMs);
    if (watch.mode === 'off') continue;
    checkGaps(tenant, source, watch, logTime, effects);
    checkSilence(tenant, source, watch, logTime, effects);
    schedule(sources, source, watch, logTime);
  }
}

function checkGaps(
  tenant: TenantState,
  source: SourceState,
  watch: Watch,
  logTime: EpochMs,
  effects: Effects,
): void {
  if (logTime < source.gapToldUntil) return;
  const ranges = overdue(source.sequence, logTime, watch.gapGraceMs);
  if (ranges.length === 0) return;
  const about = { id: effects.nextId, tenant: tenant.tenant, source, watch };
  for (const range of ranges) range.findingId = about.id;
  source.gapToldUntil = logTime + LIMITS.sourceGapEveryMs;
  effects.finding(tenant.tenant, gapFound(about, ranges, logTime));
}

function checkSilence(
  tenant: TenantState,
  source: SourceState,
  watch: Watch,
  logTime: EpochMs,
  effects: Effects,
): void {
  if (source.silence !== null || source.rhythm.unjudged !== null) return;
  const allowedMs = pauseAllowedMs(source.rhythm, watch.silenceFloorMs);
  const at = missedAt(source.rhythm, source.lastAt, allowedMs);
  if (at === null || at > logTime) return;
  const about = { id: effects.nextId, tenant: tenant.tenant, source, watch };
  source.silence = { since: source.lastAt, allowedMs, findingId: about.id };
  effects.finding(tenant.tenant, silenceFound(about, allowedMs, logTime));
}

/** Settles when this source needs its next look; later events of it do not move that. */
function schedule(sources: SourcesState, source: SourceState, watch: Watch, now: EpochMs): void {
  const gapAt = nextOverdueAt(source.sequence, watch.gapGraceMs);
  const told = gapAt === null ? null : Math.max(gapAt, source.gapToldUntil);
  const at = earlier(told, silenceAt(source, watch, now));
  if (at === null) return;
  source.checkAt = earlier(source.checkAt, at);
  wake(sources, source.checkAt ?? at);
}

/** Whole minutes, so that many sources share one tick. */
function silenceAt(source: SourceState, watch: Watch, now: EpochMs): EpochMs | null {
  if (source.silence !== null || source.rhythm.unjudged !== null) return null;
  const allowedMs = pauseAllowedMs(source.rhythm, watch.silenceFloorMs);
  const at = missedAt(source.rhythm, source.lastAt, allowedMs);
  if (at === null) return null;
  return Math.ceil(Math.max(at, now + MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
}

function earlier(left: EpochMs | null, right: EpochMs | null): EpochMs | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}
