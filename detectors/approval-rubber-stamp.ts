import * as z from 'zod';
import {
  type AccessEvent,
  createRecentTable,
  type DetectorVerdict,
  defineDetector,
  HOUR_MS,
  keepRecent,
  NO_VERDICTS,
  type RecentTable,
  type Redacted,
  recallRecent,
  rounded,
  SECOND_MS,
  shownName,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  window_hours: z.number().positive().default(24).describe('Answers are counted for this long.'),
  answers: z
    .int()
    .min(3)
    .default(20)
    .describe('Answers of one person in that time, none a refusal, from which a person is told.'),
  fast_seconds: z
    .number()
    .positive()
    .default(10)
    .describe('An answer within this time of the question was hardly read.'),
  fast_share: z
    .number()
    .min(0.5)
    .max(1)
    .default(0.9)
    .describe('Share of the answers that came that fast.'),
});
type Config = z.output<typeof CONFIG>;
type Event = Redacted<AccessEvent>;

/** Answers of one person in one window. */
interface Answers {
  readonly since: number;
  readonly given: number;
  readonly refused: number;
  readonly timed: number;
  readonly fast: number;
}

interface State {
  /** When each approval was asked for, by its id. */
  readonly asked: RecentTable<number>;
  readonly approvers: RecentTable<Answers>;
}

const ASKING: ReadonlySet<string> = new Set(['required', 'pending', 'requested']);
const GRANTED: ReadonlySet<string> = new Set(['approved', 'granted', 'allowed']);
const REFUSED: ReadonlySet<string> = new Set(['denied', 'rejected', 'refused']);

/** A person who approves everything within seconds: the approval no longer protects anything. */
export default defineDetector<Config, State>({
  id: 'approval_rubber_stamp',
  version: 1,
  status: 'test',
  title: 'Approvals without reading',
  family: 'statistical',
  scope: 'tenant',
  defaultMode: 'shadow',
  tags: ['approval', 'owasp.asi09'],
  config: CONFIG,
  kinds: ['approval', 'tool_call', 'authz_decision'],
  init: () => ({ asked: createRecentTable(), approvers: createRecentTable() }),
  parts: ['approval'],
  judges(event) {
    const { status = '', approver, id } = event.approval ?? {};
    if (ASKING.has(status)) return null;
    if (approver === undefined) {
      return { field: 'approval.approver', cure: 'Send who approved, with each approval.' };
    }
    if (id !== undefined || event.latencyMs !== undefined) return null;
    return {
      field: 'approval.id',
      cure: 'Send approval.id with question and answer, or latency_ms with the answer.',
    };
  },
  observe(event, state, { config, counted }) {
    const { status = '', id, approver } = event.approval ?? {};
    if (!counted || event.source.trust === 'agent') return NO_VERDICTS;
    if (ASKING.has(status)) {
      const isNew = id !== undefined && recallRecent(state.asked, id) === undefined;
      if (isNew) keepRecent(state.asked, id, event.time, 'tenant');
      return NO_VERDICTS;
    }
    // The call that an approval was for repeats it; the answer itself counts.
    if (event.kind !== 'approval' || approver === undefined) return NO_VERDICTS;
    if (!GRANTED.has(status) && !REFUSED.has(status)) return NO_VERDICTS;
    const answers = counting(event, approver, REFUSED.has(status), state, config);
    return isStamping(answers, config) ? [verdictOn(answers, approver, config)] : NO_VERDICTS;
  },
});

function counting(
  event: Event,
  approver: string,
  refused: boolean,
  { asked, approvers }: State,
  config: Config,
): Answers {
  const known = recallRecent(approvers, approver);
  const isOver = known === undefined || event.time - known.since > config.window_hours * HOUR_MS;
  const before = isOver ? { since: event.time, given: 0, refused: 0, timed: 0, fast: 0 } : known;
  const tookMs = tookOf(event, asked);
  const answers = {
    since: before.since,
    given: before.given + 1,
    refused: before.refused + (refused ? 1 : 0),
    timed: before.timed + (tookMs === null ? 0 : 1),
    fast: before.fast + (tookMs !== null && tookMs <= config.fast_seconds * SECOND_MS ? 1 : 0),
  };
  keepRecent(approvers, approver, answers, 'tenant');
  return answers;
}

/** How long the answer took; null where nobody told of the question. */
function tookOf({ approval, time, latencyMs }: Event, asked: RecentTable<number>): number | null {
  const at = approval?.id === undefined ? undefined : recallRecent(asked, approval.id);
  if (at !== undefined && time >= at) return time - at;
  return latencyMs ?? null;
}

function isStamping({ given, refused, timed, fast }: Answers, config: Config): boolean {
  if (refused > 0 || given < config.answers || timed < config.answers) return false;
  return fast >= timed * config.fast_share;
}

function verdictOn(answers: Answers, approver: string, config: Config): DetectorVerdict {
  const { given, timed, fast } = answers;
  const share = Math.round((100 * fast) / timed);
  return {
    level: 'medium',
    score: 45,
    actual: given,
    typical: null,
    probability: null,
    title: `One person approved ${given} of ${given} requests, ${share} % within seconds`,
    explanation:
      `In ${config.window_hours} hours this person answered ${given} requests and refused none; ` +
      `${share} % of the answers came within ${config.fast_seconds} seconds of the question, ` +
      'faster than a request can be read. Ask for approval of fewer things, or of another person.',
    // Rule of three: with no refusal in n answers, at most 3/n of them are (19 times of 20).
    measures: { answers: given, fast, refusals_at_most: rounded(Math.min(1, 3 / given)) },
    facts: { approver: shownName(approver) },
    trip: null,
    held: 'below_threshold',
    dedupKey: approver,
    dedupMs: config.window_hours * HOUR_MS,
  };
}
