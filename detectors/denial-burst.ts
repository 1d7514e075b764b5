import * as z from 'zod';
import {
  type AccessEvent,
  addDistinct,
  amount,
  clearDistinct,
  countShare,
  createDistinctCount,
  createShareWatch,
  type DetectorVerdict,
  type DistinctCount,
  defineDetector,
  distinctOf,
  hashOf,
  isBeyond,
  MINUTE_MS,
  minutesText,
  NO_VERDICTS,
  type NotJudged,
  type Redacted,
  readShare,
  type ShareReading,
  type ShareWatch,
  shareInWords,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  alarms_per_year: z
    .number()
    .positive()
    .default(0.1)
    .describe('False alarms per agent and year: the budget that sets how much evidence it takes.'),
  minimum_hits: z.int().min(1).default(10).describe('Denied calls below which nothing is told.'),
  minimum_multiple: z
    .number()
    .min(1)
    .default(3)
    .describe("Times the agent's own share of denials below which nothing is told."),
  probed_targets: z
    .int()
    .min(2)
    .default(12)
    .describe('Different things denied within `window_minutes` that count as probing at any age.'),
  window_minutes: z
    .number()
    .min(1)
    .default(10)
    .describe('The time in which denied things are counted.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('Further denials within this time are the same finding.'),
});
type Config = z.output<typeof CONFIG>;
type Event = Redacted<AccessEvent>;

interface State {
  readonly share: ShareWatch;
  /** What was denied in the window that is open, and its calls. */
  readonly targets: DistinctCount;
  window: number;
  calls: number;
  denied: number;
}

const NO_DECISION_VERDICT: NotJudged = {
  field: 'decision.verdict',
  cure: 'Send the decision on each call, or how it ended, so that denials are seen.',
};

/** An agent that is refused far more often than usual, or refused many different things. */
export default defineDetector<Config, State>({
  id: 'denial_burst',
  version: 1,
  status: 'stable',
  title: 'Burst of denials',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'enforce',
  tags: ['volume', 'probing', 'attack.t1087', 'attack.t1110', 'owasp.asi03'],
  config: CONFIG,
  init: () => ({
    share: createShareWatch(),
    ...{ targets: createDistinctCount(), window: -1, calls: 0, denied: 0 },
  }),
  kinds: ['tool_call', 'data_access', 'authz_decision'],
  judges({ outcome, decision, phase }) {
    if (phase === 'proposed' || outcome.status !== 'unknown' || decision) return null;
    return NO_DECISION_VERDICT;
  },
  observe(event, state, { config, counted, added }) {
    if (!counted || added.calls === 0) return NO_VERDICTS;
    const isDenied = event.outcome.status === 'denied' || event.decision?.verdict === 'deny';
    countShare(state.share, event.time, isDenied);
    turnWindow(state, event.time, config);
    state.calls += 1;
    if (!isDenied) return NO_VERDICTS;
    state.denied += 1;
    addDistinct(state.targets, targetOf(event));
    return probing(state, config) ?? burst(state, event, config);
  },
});

function turnWindow(state: State, time: number, { window_minutes }: Config): void {
  const window = Math.floor(time / (window_minutes * MINUTE_MS));
  // A late event counts in the open window; a clock that was far ahead begins anew.
  if (window <= state.window && window >= state.window - 2) return;
  state.window = window;
  state.calls = 0;
  state.denied = 0;
  clearDistinct(state.targets);
}

/** Tool and resource: many of either, refused, is a search for what is open. */
function targetOf({ action, resource }: Event): number {
  const tool = hashOf(action.name);
  const id = resource?.id;
  return id === undefined ? tool.low : hashOf(id, tool).low;
}

function probing(state: State, config: Config): readonly DetectorVerdict[] | null {
  const targets = distinctOf(state.targets);
  // What is mostly granted is work with a gap in the grant, and no search.
  if (targets < config.probed_targets || state.denied * 2 < state.calls) return null;
  const span = minutesText(config.window_minutes);
  return [
    {
      level: 'high',
      score: 65,
      actual: targets,
      typical: 0,
      probability: null,
      title: `Refused about ${amount(targets)} different things within ${span}`,
      explanation:
        `${amount(state.denied)} of ${amount(state.calls)} calls were denied, on about ` +
        `${amount(targets)} different tools and resources. That is what trying doors looks like; ` +
        'a person should approve what this agent does next.',
      measures: {
        ...{ targets, denied: state.denied, calls: state.calls },
        window_s: config.window_minutes * 60,
      },
      facts: { kind: 'probing' },
      trip: { key: 'agent', level: 2 },
      dedupKey: 'probing',
      dedupMs: config.dedup_minutes * MINUTE_MS,
    },
  ];
}

function burst(state: State, event: Event, config: Config): readonly DetectorVerdict[] {
  const reading = readShare(state.share);
  if (reading === null || !isBeyond(reading, config)) return NO_VERDICTS;
  return [burstVerdict(reading, event.time, config)];
}

function burstVerdict(reading: ShareReading, now: number, config: Config): DetectorVerdict {
  const { span, hits, calls, usually, measures } = shareInWords(reading, now);
  return {
    level: 'medium',
    score: 45,
    actual: reading.hits,
    typical: reading.usual * reading.calls,
    probability: null,
    title: `${hits} of ${calls} calls were denied in ${span}, usually ${usually}`,
    explanation:
      `Of this agent's calls ${usually} are usually denied; now it was ${hits} of ${calls}. ` +
      'Either its grant no longer fits its work, or it asks for what it was never meant to get.',
    measures,
    facts: { kind: 'share' },
    trip: { key: 'agent', level: 1 },
    dedupKey: 'denials',
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}
