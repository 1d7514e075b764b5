import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { MEASURES, type Measure } from './agent-baseline.ts';

/** A burst that is going on, or did so within the hour. */
interface Episode {
  readonly since: EpochMs;
  /** When its condition last held. */
  last: EpochMs;
  /** Strongest consequence told so far as an alarm. */
  level: number;
  /** Largest multiple of the typical volume so far, by measure. */
  readonly times: { [measure in Measure]?: number };
}

/** Largest multiple over ten minutes and longest time of earlier bursts, and when the last was. */
export interface KnownBurst {
  readonly times: number;
  readonly lastedMs: number;
  readonly at: EpochMs;
}

/**
 * The bursts of one agent: the one going on, and what those that were told and passed by themselves
 * reached. Plain and bounded.
 */
export interface BurstMemory {
  episode: Episode | null;
  readonly known: { [measure in Measure]?: KnownBurst };
}

/** One look at a burst of one measure. */
export interface BurstSighting {
  readonly measure: Measure;
  readonly time: EpochMs;
  /** Multiples of the typical volume: over ten minutes or the whole rise, and of the moment. */
  readonly times: number;
  readonly now: number;
  /** Consequence asked for. */
  readonly level: number;
}

const KNOWN_MARGIN = 1.5;
/** A burst of well over ten times is never taken for a job of the agent's own. */
const KNOWN_TIMES_MAX = 12;
const KNOWN_LEAST_MS = 2 * HOUR_MS;
const KNOWN_FOR_MS = 120 * DAY_MS;
/**
 * What is over at once, or small, is a step in the rhythm of the day and no burst; more so while
 * the week is not known yet.
 */
const BURST_LEAST_MS = 4 * MINUTE_MS;
const BURST_LEAST_TIMES = 3.5;
const BURST_LEAST_TIMES_YOUNG = 5;
const YOUNG_MS = 8 * DAY_MS;

export function createBurstMemory(): BurstMemory {
  return { episode: null, known: {} };
}

/**
 * Whether a burst is news (`alarm`), goes on with no stronger consequence (`going_on`), or is no
 * larger and longer than those known of this agent (`known`).
 */
export function sightBurst(
  memory: BurstMemory,
  { measure, time, times, now, level }: BurstSighting,
): 'alarm' | 'going_on' | 'known' {
  memory.episode ??= { since: time, last: time, level: 0, times: {} };
  const { episode } = memory;
  episode.last = Math.max(episode.last, time);
  episode.times[measure] = Math.max(episode.times[measure] ?? 0, times);
  const known = memory.known[measure];
  if (episode.level === 0 && known && isKnown(known, episode, times, now)) return 'known';
  if (level <= episode.level) return 'going_on';
  episode.level = level;
  return 'alarm';
}

function isKnown(known: KnownBurst, episode: Episode, times: number, now: number): boolean {
  const most = Math.min(KNOWN_TIMES_MAX, known.times * KNOWN_MARGIN);
  return (
    times <= most &&
    now <= 2 * most &&
    episode.last - episode.since <= Math.max(KNOWN_LEAST_MS, 2 * known.lastedMs) &&
    episode.since - known.at <= KNOWN_FOR_MS
  );
}

/** After `calmMs` a burst is past; one that was told is known of this agent from then on. */
export function endBurst(memory: BurstMemory, time: EpochMs, ageMs: number, calmMs: number): void {
  const { episode, known } = memory;
  if (!episode || time - episode.last <= calmMs) return;
  memory.episode = null;
  const lastedMs = episode.last - episode.since;
  if (episode.level === 0 || lastedMs < BURST_LEAST_MS) return;
  const least = ageMs < YOUNG_MS ? BURST_LEAST_TIMES_YOUNG : BURST_LEAST_TIMES;
  for (const measure of MEASURES) {
    const times = episode.times[measure];
    if (times === undefined || times < least) continue;
    const before = known[measure];
    known[measure] = {
      times: Math.max(times, before?.times ?? 0),
      lastedMs: Math.max(lastedMs, before?.lastedMs ?? 0),
      at: episode.last,
    };
  }
}
