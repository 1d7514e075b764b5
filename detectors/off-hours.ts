import * as z from 'zod';
import {
  DAY_MS,
  type DetectorVerdict,
  defineDetector,
  HOUR_MS,
  NO_VERDICTS,
  oneDecimal,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  learn_days: z
    .int()
    .min(7)
    .default(14)
    .describe('Days with work before hours without any mean something.'),
  rest_hours: z
    .int()
    .min(3)
    .max(20)
    .default(6)
    .describe('Hours in a row that must be free of work for a day to have a structure.'),
  forget_days: z
    .int()
    .min(14)
    .default(35)
    .describe('Days after which work in an hour is forgotten.'),
  minimum_calls: z
    .int()
    .min(1)
    .default(3)
    .describe('Calls in the hour below which nothing is told.'),
});
type Config = z.output<typeof CONFIG>;

/** Hours of the day (UTC) and days of the week, each with the two latest days it saw work on. */
interface State {
  readonly hours: number[];
  readonly hoursBefore: number[];
  readonly weekdays: number[];
  readonly weekdaysBefore: number[];
  /** Days with work so far, hours with work of late, and the hour that is open with its calls. */
  days: number;
  worked: number;
  hour: number;
  calls: number;
}

const DAY_HOURS = 24;
const WEEK_DAYS = 7;
const NEVER = -1;

/** Work at an hour, or on a weekday, at which this agent never works. */
export default defineDetector<Config, State>({
  id: 'off_hours',
  version: 1,
  status: 'test',
  title: 'Work at unusual hours',
  family: 'novelty',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['volume', 'novelty', 'attack.t1078', 'ueba'],
  config: CONFIG,
  init: () => ({
    hours: new Array<number>(DAY_HOURS).fill(NEVER),
    hoursBefore: new Array<number>(DAY_HOURS).fill(NEVER),
    weekdays: new Array<number>(WEEK_DAYS).fill(NEVER),
    weekdaysBefore: new Array<number>(WEEK_DAYS).fill(NEVER),
    ...{ days: 0, worked: 0, hour: NEVER, calls: 0 },
  }),
  kinds: ['tool_call', 'data_access', 'model_call'],
  // Every event has a time; until enough days are known it learns and says nothing.
  judges: () => null,
  observe(event, state, { config, counted, added }) {
    if (!counted || added.calls === 0) return NO_VERDICTS;
    const hour = Math.floor(event.time / HOUR_MS);
    if (hour !== state.hour) {
      // What was told of an hour is learned when it ends; a late event opens no hour again.
      if (hour < state.hour && hour > state.hour - 2) return NO_VERDICTS;
      keepHour(state, config);
      state.hour = hour;
      state.calls = 0;
    }
    state.calls += 1;
    return state.calls === config.minimum_calls ? judged(state, hour, config) : [];
  },
});

/** Notes the hour that ends. One day is no habit: an hour counts once two days had work in it. */
function keepHour(state: State, { forget_days }: Config): void {
  const { hour } = state;
  if (hour < 0) return;
  const day = Math.floor(hour / DAY_HOURS);
  if (!state.weekdays.includes(day)) state.days += 1;
  const passed = Math.max(0, day - Math.max(...state.weekdays));
  state.worked = state.worked * Math.exp(-passed / forget_days) + 1;
  note(state.hours, state.hoursBefore, hour % DAY_HOURS, day);
  note(state.weekdays, state.weekdaysBefore, day % WEEK_DAYS, day);
}

function note(latest: number[], before: number[], place: number, day: number): void {
  if (latest[place] === day) return;
  before[place] = latest[place] ?? NEVER;
  latest[place] = day;
}

function judged(state: State, hour: number, config: Config): readonly DetectorVerdict[] {
  if (state.days < config.learn_days) return NO_VERDICTS;
  const day = Math.floor(hour / DAY_HOURS);
  const oldest = day - config.forget_days;
  const free = state.hoursBefore.map((before) => before < oldest);
  const at = hour % DAY_HOURS;
  if (isStructured(state, free, oldest, config) && isWellFree(free, at)) {
    return [verdictOn(state, `${at}:00 to ${(at + 1) % DAY_HOURS}:00 UTC`, 'hour', config)];
  }
  if (!isFreeWeekday(state, day, oldest)) return NO_VERDICTS;
  return [verdictOn(state, WEEKDAYS[day % WEEK_DAYS] ?? '', 'day', config)];
}

/** Free while at least four other weekdays were worked in two weeks that follow each other. */
function isFreeWeekday(
  { weekdays, weekdaysBefore, days, worked }: State,
  day: number,
  oldest: number,
): boolean {
  if ((weekdaysBefore[day % WEEK_DAYS] ?? NEVER) >= oldest) return false;
  if (worked < HOURS_LEAST) return false;
  let known = 0;
  for (const [weekday, before] of weekdaysBefore.entries()) {
    if (before < oldest) continue;
    if ((weekdays[weekday] ?? NEVER) - before > WEEK_DAYS) return false;
    known += 1;
  }
  return known >= 4 && days >= 3 * known;
}

/** Day 0 of the epoch was a Thursday. */
const WEEKDAYS = [
  'Thursdays',
  'Fridays',
  'Saturdays',
  'Sundays',
  'Mondays',
  'Tuesdays',
  'Wednesdays',
];

/** Free with its neighbours: clocks change by an hour twice a year, and people start early. */
function isWellFree(free: readonly boolean[], at: number): boolean {
  return [DAY_HOURS - 1, 0, 1].every((step) => free[(at + step) % DAY_HOURS] === true);
}

/**
 * Whether so long a rest is no chance. With hours worked at random over the day a rest of this
 * length would hold `expected` of them; that it holds so few has, by Chernoff's bound for a Poisson
 * count and for any of 24 places, at most the probability compared.
 */
function isStructured(
  { hours, worked }: State,
  free: readonly boolean[],
  oldest: number,
  { rest_hours }: Config,
): boolean {
  let longest = 0;
  let end = 0;
  let run = 0;
  for (let at = 0; at < 2 * DAY_HOURS; at += 1) {
    run = free[at % DAY_HOURS] === true ? run + 1 : 0;
    if (run > longest && run < DAY_HOURS) [longest, end] = [run, at];
  }
  if (longest < rest_hours || worked < HOURS_LEAST) return false;
  let held = 0;
  for (let at = end - longest + 1; at <= end; at += 1) {
    if ((hours[at % DAY_HOURS] ?? NEVER) >= oldest) held += 1;
  }
  const expected = (worked * longest) / DAY_HOURS;
  if (held >= expected) return false;
  const fewer = held === 0 ? 0 : held * Math.log(held / expected);
  return Math.log(DAY_HOURS) - (expected - held + fewer) < Math.log(CHANCE);
}

const CHANCE = 1e-6;
/** Hours with work of late below which free ones come by chance. */
const HOURS_LEAST = 48;

function verdictOn(
  { days }: State,
  when: string,
  kind: 'hour' | 'day',
  { forget_days }: Config,
): DetectorVerdict {
  return {
    level: 'medium',
    score: 30,
    actual: null,
    typical: null,
    probability: null,
    title: `Works ${kind === 'hour' ? 'from' : 'on'} ${when}, when it never does`,
    explanation:
      `In ${oneDecimal(days)} days with work this agent has hardly ever worked ` +
      `${kind === 'hour' ? 'at this hour' : `on ${when}`}. Somebody may use it out of sight, or ` +
      'its timetable has changed.',
    measures: { days_known: days, remembered_days: forget_days },
    facts: { kind, when },
    trip: { key: 'session', level: 2 },
    dedupKey: kind,
    dedupMs: DAY_MS / 2,
  };
}
