import { formatAge } from './number.ts';

/** Which zone the viewer reads; every stamp carries it as a suffix. */
export type Zone = 'utc' | 'local';

/** Minutes east of UTC at that moment, as the viewer's machine has it. */
export type OffsetAt = (ms: number) => number;

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

export const machineOffset: OffsetAt = (ms) => -new Date(ms).getTimezoneOffset();

/** `Z` or `+02:00`. */
export function zoneSuffix(ms: number, zone: Zone, offsetAt: OffsetAt = machineOffset): string {
  if (zone === 'utc') return 'Z';
  const offset = offsetAt(ms);
  const minutes = Math.abs(offset);
  const sign = offset < 0 ? '-' : '+';
  return `${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function shifted(ms: number, zone: Zone, offsetAt: OffsetAt): Date {
  return new Date(zone === 'utc' ? ms : ms + offsetAt(ms) * 60_000);
}

/** `09:14:07Z` today, `Nov 20 09:14Z` on other days; the zone is never left to guess. */
export function formatStamp(
  ms: number,
  zone: Zone,
  nowMs: number,
  offsetAt: OffsetAt = machineOffset,
): string {
  const at = shifted(ms, zone, offsetAt);
  const suffix = zoneSuffix(ms, zone, offsetAt);
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  if (dayOf(at) === dayOf(shifted(nowMs, zone, offsetAt))) {
    return `${clock}:${two(at.getUTCSeconds())}${suffix}`;
  }
  return `${MONTHS[at.getUTCMonth()]} ${at.getUTCDate()} ${clock}${suffix}`;
}

/** `2026-11-21 09:14:07.123Z`. */
export function formatExact(ms: number, zone: Zone, offsetAt: OffsetAt = machineOffset): string {
  const iso = shifted(ms, zone, offsetAt).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${zoneSuffix(ms, zone, offsetAt)}`;
}

/** Both zones and the age, for the tooltip of every stamp. */
export function formatEverywhere(
  ms: number,
  nowMs: number,
  offsetAt: OffsetAt = machineOffset,
): string {
  const age = formatAge(Math.max(0, nowMs - ms));
  const when = age === 'now' ? 'now' : `${age} ago`;
  const local = `${formatExact(ms, 'local', offsetAt)} local`;
  return [formatExact(ms, 'utc', offsetAt), local, when].join('\n');
}

/** Axis labels: the day at midnight, else hours and minutes; no suffix, the axis is titled. */
export function formatTick(ms: number, zone: Zone, offsetAt: OffsetAt = machineOffset): string {
  const at = shifted(ms, zone, offsetAt);
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  return clock === '00:00' ? `${MONTHS[at.getUTCMonth()]} ${at.getUTCDate()}` : clock;
}

function dayOf(date: Date): number {
  return Math.floor(date.getTime() / 86_400_000);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
