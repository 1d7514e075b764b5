import type { EpochMs } from '../../core/time.ts';

/**
 * The time a record states, whatever way it does: RFC 3339, the same with a space and without a
 * zone (then UTC), or a count since 1970 in seconds, milliseconds, microseconds or nanoseconds,
 * told apart by its size. Undefined for anything else and outside 1970 to 9999.
 */
export function recordTime(value: unknown): EpochMs | undefined {
  if (typeof value === 'number') return fromCount(value);
  if (typeof value !== 'string' || value.length > LONGEST) return undefined;
  const text = value.trim();
  if (/^\d{9,19}(?:\.\d+)?$/.test(text)) return fromCount(Number(text));
  const [, date, clock, fraction = '', zone] = STAMP.exec(text) ?? [];
  if (date === undefined || clock === undefined) return undefined;
  const seconds = clock.length === 5 ? `${clock}:00` : clock;
  const ms = Date.parse(`${date}T${seconds}${fraction.slice(0, 4)}${zoneOf(zone)}`);
  return inRange(ms) ? ms : undefined;
}

const LONGEST = 64;
const STAMP =
  /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(\.\d+)? ?(Z|z|UTC|GMT|[+-]\d\d:?\d\d)?(?: UTC)?$/;

function zoneOf(zone: string | undefined): string {
  if (zone === undefined || !/^[+-]/.test(zone)) return 'Z';
  return zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
}

/** Counts up to 1e11 are seconds (year 5138), up to 1e14 ms, up to 1e17 µs, then ns. */
function fromCount(count: number): EpochMs | undefined {
  const unit = count < 1e11 ? 1e3 : count < 1e14 ? 1 : count < 1e17 ? 1e-3 : 1e-6;
  const ms = Math.floor(count * unit);
  return count > 0 && inRange(ms) ? ms : undefined;
}

const LAST_MS = 253_402_300_799_999;

function inRange(ms: number): boolean {
  return ms >= 0 && ms <= LAST_MS;
}
