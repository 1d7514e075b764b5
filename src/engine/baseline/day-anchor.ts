import { DAY_HOURS } from './seasonal-rate.ts';
import { zeroes } from './zeroes.ts';

/**
 * Whole days held against slow anchors by weekday, so that growth of a few per cent a day, which a
 * learning baseline would follow, shows. The anchors may grow by a fifth of a per cent a day only.
 */
export interface DayAnchor {
  /** Totals of the last 24 closed hours, by hour of the day (UTC). */
  readonly hours: number[];
  /** Typical total of each weekday, the first day of the epoch first; -1 while unknown. */
  readonly anchors: number[];
  /** Total of the hour that is open. */
  open: number;
  /** Hours closed so far. */
  closed: number;
  /** The last 24 hours against their anchor, and the last full day; 0 while there is none. */
  ratio: number;
  lastDay: number;
  /** The full day before that, of which the last 24 hours hold nothing. */
  dayBefore: number;
  /** Usual change of the ratio from one day to the next, on the logarithm. */
  wobble: number;
}

/** How the last 24 hours compare with what such days slowly became. */
export interface DayComparison {
  readonly actual: number;
  readonly typical: number;
  readonly ratio: number;
  /** Ratio of the last full day before them: growth that lasts shows in both. */
  readonly dayBefore: number;
  readonly wobble: number;
}

const WEEK_DAYS = 7;
/** A week's growth at most: 0.2 % a day. */
const GROWTH_WEEKLY = 1.014;
const FALL_WEEKLY = 0.65;
const LEARNED_WEEKLY = 0.3;
/** In their second week the anchors are still being found. */
const FOUND_HOURS = 14 * DAY_HOURS;
const WOBBLE_LEARNED = 0.2;
const WOBBLE_FIRST = 0.2;

export function createDayAnchor(): DayAnchor {
  return {
    hours: zeroes(DAY_HOURS),
    anchors: zeroes(WEEK_DAYS).fill(-1),
    open: 0,
    closed: 0,
    ratio: 0,
    lastDay: 0,
    dayBefore: 0,
    wobble: WOBBLE_FIRST,
  };
}

/** Closes the hours from `from` up to `until`, all but the first without any activity. */
export function closeHours(anchor: DayAnchor, from: number, until: number): void {
  for (let hour = from; hour < until; hour += 1) closeHour(anchor, hour);
}

/** Lets the hours from `from` up to `until` pass unlearned: the agent worked elsewhere. */
export function passHours(anchor: DayAnchor, from: number, until: number): void {
  for (let hour = from; hour < until; hour += 1) {
    anchor.hours[hour % DAY_HOURS] = anchor.open;
    anchor.open = 0;
  }
}

function closeHour(anchor: DayAnchor, hour: number): void {
  const ofDay = hour % DAY_HOURS;
  anchor.hours[ofDay] = anchor.open;
  anchor.open = 0;
  anchor.closed += 1;
  if (anchor.closed < DAY_HOURS) return;
  const weekday = Math.floor(hour / DAY_HOURS) % WEEK_DAYS;
  const total = totalOf(anchor);
  const typical = typicalOf(anchor, hour);
  anchor.ratio = typical > 0 ? total / typical : 0;
  if (ofDay !== DAY_HOURS - 1) return;
  if (anchor.ratio > 0 && anchor.lastDay > 0) {
    const change = Math.abs(Math.log(anchor.ratio / anchor.lastDay));
    anchor.wobble += WOBBLE_LEARNED * (Math.min(change, 2) - anchor.wobble);
  }
  anchor.dayBefore = anchor.lastDay;
  anchor.lastDay = anchor.ratio;
  learnDay(anchor, weekday, total);
}

function learnDay({ anchors, closed }: DayAnchor, weekday: number, total: number): void {
  const known = anchors[weekday] ?? -1;
  if (known <= 0) {
    anchors[weekday] = total;
    return;
  }
  if (closed <= FOUND_HOURS) {
    anchors[weekday] = (known + total) / 2;
    return;
  }
  const bounded = Math.max(total, known * FALL_WEEKLY);
  anchors[weekday] = Math.min(known * GROWTH_WEEKLY, known + LEARNED_WEEKLY * (bounded - known));
}

/** A full day has its own anchor; 24 hours of two days are allowed the larger of both. */
function typicalOf({ anchors }: DayAnchor, hour: number): number {
  const day = Math.floor(hour / DAY_HOURS);
  const today = anchors[day % WEEK_DAYS] ?? -1;
  if (hour % DAY_HOURS === DAY_HOURS - 1) return today;
  const yesterday = anchors[(day + WEEK_DAYS - 1) % WEEK_DAYS] ?? -1;
  return today < 0 || yesterday < 0 ? -1 : Math.max(today, yesterday);
}

function totalOf({ hours }: DayAnchor): number {
  let total = 0;
  for (const hour of hours) total += hour;
  return total;
}

/** The latest comparison; null until the weekday has an anchor. */
export function compareDay(anchor: DayAnchor): DayComparison | null {
  const { ratio, dayBefore, wobble } = anchor;
  if (ratio <= 0) return null;
  const actual = totalOf(anchor);
  return { actual, typical: actual / ratio, ratio, dayBefore, wobble };
}

export function copyOfAnchor(anchor: DayAnchor): DayAnchor {
  return { ...anchor, hours: [...anchor.hours], anchors: [...anchor.anchors] };
}
