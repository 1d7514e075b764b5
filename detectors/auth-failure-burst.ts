import * as z from 'zod';
import {
  type AccessEvent,
  amount,
  createLeakyBucket,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  type LeakyBucket,
  MINUTE_MS,
  NO_VERDICTS,
  pour,
  type Redacted,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  failures: z
    .int()
    .min(3)
    .default(10)
    .describe('Failures within a few minutes, above those that drain, that make a burst.'),
  drained_per_minute: z
    .number()
    .positive()
    .default(1)
    .describe('Failures per minute that are forgotten again: what an honest retry makes.'),
  dedup_minutes: z.number().positive().default(60).describe('Told once in this time.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

interface State {
  readonly bucket: LeakyBucket;
}

/** Many failed authentications of one agent in a short time, and a success right after them. */
export default defineDetector<Config, State>({
  id: 'auth_failure_burst',
  version: 1,
  status: 'test',
  title: 'Burst of failed authentications',
  family: 'statistical',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['authentication', 'attack.t1110', 'owasp.asi03'],
  config: CONFIG,
  init: () => ({ bucket: createLeakyBucket() }),
  applies: (event) => isAuthentication(event) || isForged(event),
  judges: () => null,
  observe(event, { bucket }, context) {
    const { config, counted, added } = context;
    if (!counted || added.calls === 0) return NO_VERDICTS;
    const failed = hasFailed(event);
    const drain = { perMinute: config.drained_per_minute, room: 2 * config.failures };
    const fill = pour(bucket, { time: event.time, size: failed ? 1 : 0, ...drain });
    if (fill < config.failures) return NO_VERDICTS;
    const succeeded = !failed && event.outcome.status === 'success';
    if (!failed && !succeeded) return NO_VERDICTS;
    // The next success is an ordinary one again.
    if (succeeded) bucket.fill = 0;
    return [verdictOn(fill, succeeded, context)];
  },
});

const KINDS: ReadonlySet<Event['kind']> = new Set(['authentication', 'token_issue', 'token_use']);

function isAuthentication({ kind, phase }: Event): boolean {
  return KINDS.has(kind) && phase === 'executed';
}

/** That nobody could fetch the keys says nothing about the token. */
function isForged({ token, phase }: Event): boolean {
  const failure = token?.failure;
  return phase === 'executed' && failure !== undefined && failure !== 'jwks_unavailable';
}

function hasFailed(event: Event): boolean {
  if (isForged(event)) return true;
  return event.outcome.status === 'denied' || event.outcome.status === 'failure';
}

function verdictOn(fill: number, succeeded: boolean, { config }: Context): DetectorVerdict {
  const failures = Math.round(fill);
  const common = {
    actual: failures,
    typical: config.drained_per_minute,
    probability: null,
    measures: { failures },
    dedupKey: succeeded ? 'success' : 'failures',
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  if (succeeded) {
    return {
      ...common,
      level: 'high',
      score: 65,
      title: `Authentication succeeded after ${amount(failures)} failures in a row of minutes`,
      explanation:
        'Many attempts failed and then one succeeded, as when somebody guesses until it fits. It ' +
        'may also be a credential that was repaired. A person should approve what comes next.',
      trip: { key: 'agent', level: 2 },
    };
  }
  return {
    ...common,
    level: 'medium',
    score: 45,
    title: `${amount(failures)} failed authentications within minutes`,
    explanation:
      `This agent failed to authenticate ${amount(failures)} times within minutes; more than ` +
      `${amount(config.drained_per_minute)} a minute is no honest retry. Either its credential ` +
      'has run out or somebody tries ones that are not its own. It is slowed down.',
    trip: { key: 'agent', level: 1 },
  };
}
