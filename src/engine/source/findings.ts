import type { AccessEvent } from '../../core/access-event.ts';
import type { Finding } from '../../core/finding.ts';
import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import type { Filled, MissingRange } from './sequence.ts';
import type { Watch } from './settings.ts';
import type { SourceState } from './source.ts';

/** Detector ids of what is found about sources. They judge no agent and never trip. */
export const SOURCE_GAP = 'source_gap';
export const SOURCE_SILENCE = 'source_silence';

const MEDIUM_SCORE = 30;
const RANGES_NAMED = 5;

interface About {
  readonly id: string;
  readonly tenant: string;
  readonly source: SourceState;
  readonly watch: Watch;
}

/** How people name a source: what it calls itself, by which receiver, of which credential. */
export function sourceText({ name, format, sender }: SourceState): string {
  if (format === '*') return `other sources of ${sender}`;
  return `${name === '' ? 'unnamed' : name} (${format}, ${sender})`;
}

/** Numbers of the sequence stayed away for longer than reordering explains. */
export function gapFound(about: About, ranges: readonly MissingRange[], logTime: EpochMs): Finding {
  const { source, watch } = about;
  const missing = ranges.reduce((sum, { count }) => sum + count, 0);
  const named = ranges.slice(0, RANGES_NAMED).map(({ from, to }) => rangeText(from, to));
  const more = ranges.length > RANGES_NAMED ? ` and ${ranges.length - RANGES_NAMED} more` : '';
  const which = `${named.join(', ')}${more}`;
  const events = missing === 1 ? 'event' : 'events';
  return {
    ...frameOf(about, SOURCE_GAP),
    time: logTime,
    eventId: ranges[0]?.eventId ?? source.lastEventId,
    level: 'medium',
    score: MEDIUM_SCORE,
    actual: missing,
    typical: 0,
    title: `${missing} ${events} of ${sourceText(source)} never arrived`,
    explanation:
      `Its sequence skips ${which}, and ${spanText(watch.gapGraceMs)} were not enough to bring ` +
      'them. They were lost on the way or withheld, or two senders share the name: then give ' +
      'each its own source.name.',
    evidence: {
      events: ranges.slice(0, RANGES_NAMED).map(({ eventId }) => eventId),
      measures: { missing, ranges: ranges.length, grace_ms: watch.gapGraceMs },
      facts: { ...factsOf(source), missing: which },
    },
  };
}

/** What was missing came after all. */
export function gapClosed(about: About, event: AccessEvent, filled: Filled): Finding {
  const { source } = about;
  return {
    ...frameOf(about, SOURCE_GAP),
    time: event.time,
    eventId: event.id,
    level: 'informational',
    score: 0,
    actual: 0,
    typical: 0,
    title: `What ${sourceText(source)} had left out has arrived`,
    explanation: 'The hole in its sequence is closed: the events came late and were not lost.',
    evidence: {
      events: [event.id],
      measures: { missing: 0 },
      facts: { ...factsOf(source), closes: filled.findingId },
    },
  };
}

/** A source of a known rhythm sends no more. */
export function silenceFound(about: About, allowedMs: number, logTime: EpochMs): Finding {
  const { source } = about;
  const { longestPauseMs, arrivalsPerHour } = source.rhythm;
  const silentMs = logTime - source.lastAt;
  return {
    ...frameOf(about, SOURCE_SILENCE),
    time: logTime,
    eventId: source.lastEventId,
    level: 'medium',
    score: MEDIUM_SCORE,
    actual: Math.round(silentMs / SECOND_MS),
    typical: Math.round(longestPauseMs / SECOND_MS),
    title: `${sourceText(source)} stopped sending`,
    explanation:
      `Nothing for ${spanText(silentMs)}; it usually sends ${Math.round(arrivalsPerHour)} times ` +
      `an hour at this time, and its longest pause of late was ${spanText(longestPauseMs)}. ` +
      'Until it is back, nothing its agents do is seen.',
    evidence: {
      events: [source.lastEventId],
      measures: {
        silent_ms: silentMs,
        allowed_ms: Math.round(allowedMs),
        longest_pause_ms: Math.round(longestPauseMs),
        arrivals_per_hour: Math.round(arrivalsPerHour * 10) / 10,
      },
      facts: factsOf(source),
    },
  };
}

/** The record that ends a silence. */
export function silenceEnded(
  about: About,
  event: AccessEvent,
  silence: NonNullable<SourceState['silence']>,
  logTime: EpochMs,
): Finding {
  const { source } = about;
  const silentMs = logTime - silence.since;
  return {
    ...frameOf(about, SOURCE_SILENCE),
    time: logTime,
    eventId: event.id,
    level: 'informational',
    score: 0,
    actual: Math.round(silentMs / SECOND_MS),
    typical: Math.round(source.rhythm.longestPauseMs / SECOND_MS),
    title: `${sourceText(source)} sends again`,
    explanation:
      `It was silent for ${spanText(silentMs)}. Events of that time may still arrive; those ` +
      'older than the lateness limit count for the record and move no window.',
    evidence: {
      events: [event.id],
      measures: { silent_ms: silentMs },
      facts: { ...factsOf(source), closes: silence.findingId },
    },
  };
}

type Frame = Omit<
  Finding,
  'time' | 'eventId' | 'level' | 'score' | 'actual' | 'typical' | 'title' | 'explanation'
>;

function frameOf({ id, tenant, source, watch }: About, detector: string): Frame {
  return {
    id,
    tenant,
    agent: '',
    subject: { kind: 'source', id: sourceText(source) },
    chain: '',
    detector,
    detectorVersion: 1,
    family: 'deterministic',
    mode: watch.mode,
    probability: null,
    evidence: { events: [], measures: {}, facts: {} },
    decision: { tripped: false, why: 'alert_only' },
  };
}

function factsOf({ sender, format, name, trust }: SourceState): Record<string, string> {
  return { sender, format, source: name, trust };
}

function rangeText(from: number, to: number): string {
  return from === to ? String(from) : `${from} to ${to}`;
}

/** A length of time in its largest whole unit: `3 hours`. */
function spanText(ms: number): string {
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(ms / unitMs);
    if (count >= 2 || (unit === 'second' && count === 1)) {
      return `${count} ${unit}${count === 1 ? '' : 's'}`;
    }
  }
  return 'less than a second';
}

const UNITS: readonly (readonly [string, number])[] = [
  ['day', DAY_MS],
  ['hour', HOUR_MS],
  ['minute', MINUTE_MS],
  ['second', SECOND_MS],
];
