import * as z from 'zod';
import {
  type AccessEvent,
  amount,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  HOUR_MS,
  limitsOf,
  NO_VERDICTS,
  type Redacted,
  rounded,
  wentThrough,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  band: z
    .number()
    .min(0.01)
    .max(0.3)
    .default(0.1)
    .describe('How far below the limit an amount still hugs it, as a share of the limit.'),
  false_alarm_every: z
    .number()
    .min(20)
    .default(1_000)
    .describe('Amounts near the limit, on average, until chance alone raises an alarm.'),
  dedup_hours: z.number().positive().default(24).describe('Told once of an agent in this time.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

interface State {
  /** The limit that the evidence is about; another limit begins anew. */
  limit: number;
  /** Evidence that amounts crowd below the limit, as a logarithm; 0 is none. */
  evidence: number;
  near: number;
  below: number;
  last: number;
}

/** Share of crowding amounts in the upper of two equal bands that the evidence is weighed for. */
const CROWDED = 0.9;

/** Amounts just under the limit above which a person is asked, more often than chance. */
export default defineDetector<Config, State>({
  id: 'limit_hugging',
  version: 1,
  status: 'experimental',
  title: 'Amounts just under the limit',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['approval', 'amount', 'fraud.structuring'],
  config: CONFIG,
  kinds: ['tool_call', 'data_access', 'admin'],
  init: () => ({ limit: 0, evidence: 0, near: 0, below: 0, last: 0 }),
  parts: ['amount'],
  applies: ({ phase }) => phase === 'executed',
  judges(event, context) {
    if (limitOf(event, context) !== null) return null;
    return {
      field: 'grant.approval.max_amount',
      cure: 'Write approval.max_amount into the grant, or send decision.constraints.max_amount.',
    };
  },
  observe(event, state, context) {
    const limit = limitOf(event, context);
    const moved = Math.abs(event.action.amount?.value ?? 0);
    if (limit === null || !context.counted || context.added.calls === 0) return NO_VERDICTS;
    if (!wentThrough(event) || !(moved <= limit)) return NO_VERDICTS;
    weigh(state, moved, limit, context.config);
    const isTold = state.evidence >= Math.log(context.config.false_alarm_every);
    return isTold ? [verdictOn(state, context.config)] : NO_VERDICTS;
  },
});

function limitOf(event: Event, { grant }: Context): number | null {
  const limits = limitsOf(event.decision?.constraints).maxAmount;
  const own = grant?.approval?.maxAmount;
  const least = Math.min(limits ?? Number.POSITIVE_INFINITY, own ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(least) && least > 0 ? least : null;
}

/**
 * Compares the band below the limit with the equal band below that: where the limit makes no
 * difference, an amount in either is at most as likely to be in the upper one. A cumulative sum of
 * log likelihood ratios, which is never less than nothing.
 */
function weigh(state: State, moved: number, limit: number, { band }: Config): void {
  if (state.limit !== limit)
    Object.assign(state, { limit, evidence: 0, near: 0, below: 0, last: 0 });
  // A fixed price is one fact, however often it is paid.
  if (moved === state.last || moved <= limit * (1 - 2 * band)) return;
  state.last = moved;
  const isNear = moved > limit * (1 - band);
  const ratio = (isNear ? CROWDED : 1 - CROWDED) / 0.5;
  state.evidence = Math.max(0, state.evidence + Math.log(ratio));
  if (state.evidence === 0) Object.assign(state, { near: 0, below: 0 });
  else if (isNear) state.near += 1;
  else state.below += 1;
}

function verdictOn({ limit, near, below }: State, config: Config): DetectorVerdict {
  const total = near + below;
  return {
    level: 'medium',
    score: 50,
    actual: near,
    typical: total / 2,
    probability: rounded(1 / config.false_alarm_every),
    title: `${near} amounts just under the limit of ${amount(limit)}, ${below} a little lower`,
    explanation:
      `Of ${total} different amounts near the limit of ${amount(limit)}, ${near} were within ` +
      `${Math.round(config.band * 100)} % of it; by chance no more than half would be. Payments ` +
      'split or rounded down to stay under the limit look like this. A person should approve ' +
      'what comes next.',
    measures: { near, below, limit },
    trip: { key: 'agent', level: 2 },
    dedupKey: `${limit}`,
    dedupMs: config.dedup_hours * HOUR_MS,
  };
}
