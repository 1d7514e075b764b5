import * as z from 'zod';
import {
  type AccessEvent,
  createRecentTable,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  keepRecent,
  MINUTE_MS,
  NO_VERDICTS,
  type RecentTable,
  type Redacted,
  recallRecent,
  SECOND_MS,
  shownName,
  wentThrough,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  grace_seconds: z
    .number()
    .min(0)
    .default(30)
    .describe('Time that a revocation has to take effect, and that two clocks may differ.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same use of one session within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

interface State {
  /** When each token was told to be revoked, by issuer and id. */
  readonly revoked: RecentTable<number>;
}

/** From this level on nothing may go through at all. */
const SUSPENDED = 4;
/** Credentials are frozen, by others than the point that let it pass. */
const REVOKED = 5;

/** A call that succeeded with what had been revoked, after the revocation had arrived. */
export default defineDetector<Config, State>({
  id: 'use_after_revoke',
  version: 1,
  status: 'test',
  title: 'Use after revocation',
  family: 'deterministic',
  scope: 'tenant',
  defaultMode: 'shadow',
  tags: ['token', 'revocation', 'attack.t1550', 'owasp.asi03'],
  config: CONFIG,
  kinds: ['tool_call', 'data_access', 'admin', 'token_use', 'token_issue'],
  init: () => ({ revoked: createRecentTable() }),
  judges: () => null,
  observe(event, state, context) {
    if (isRevocation(event)) {
      if (context.counted) learn(event, state);
      return NO_VERDICTS;
    }
    if (event.phase === 'proposed' || event.kind === 'token_issue' || !wentThrough(event))
      return NO_VERDICTS;
    return found(event, state, context);
  },
});

const ABOUT_TOKENS: ReadonlySet<Event['kind']> = new Set(['token_use', 'token_issue', 'admin']);
const REVOKES = /revo(?:ke|cation)/i;

/** An order to revoke, which names the token; not a call of an agent that may be named so too. */
function isRevocation({ kind, action }: Event): boolean {
  return ABOUT_TOKENS.has(kind) && REVOKES.test(action.name);
}

function learn(event: Event, { revoked }: State): void {
  const { jti } = event.token ?? {};
  if (jti === undefined || event.source.trust === 'agent' || !wentThrough(event)) return;
  const key = tokenOf(event, jti);
  keepRecent(
    revoked,
    key,
    Math.min(recallRecent(revoked, key) ?? event.time, event.time),
    'tenant',
  );
}

function tokenOf({ token }: Event, jti: string): string {
  return `${token?.iss ?? ''}\n${jti}`;
}

function found(event: Event, { revoked }: State, context: Context): readonly DetectorVerdict[] {
  const graceMs = context.config.grace_seconds * SECOND_MS;
  const breaker = context.openBreaker();
  const applied = breaker?.acknowledgedAt ?? null;
  if (breaker !== null && applied !== null && breaker.level >= SUSPENDED) {
    // Both clocks must agree that it came later: that of the sender, and that of the log.
    const afterMs = Math.min(event.time, context.logTime) - applied;
    if (afterMs > graceMs) {
      return [verdictOn(event, afterMs, breaker, context)];
    }
  }
  const { jti } = event.token ?? {};
  const at = jti === undefined ? undefined : recallRecent(revoked, tokenOf(event, jti));
  if (at === undefined || event.time - at <= graceMs) return NO_VERDICTS;
  return [verdictOn(event, event.time - at, { kind: 'token', level: SUSPENDED }, context)];
}

/**
 * A rung above what was not honoured: what held less than the agent, the whole agent; the agent
 * itself, its credentials. Beyond that are persons.
 */
function rungAbove({ kind, level }: Held): 4 | 5 {
  return level >= REVOKED || kind === 'agent' ? REVOKED : SUSPENDED;
}

const CONSEQUENCES = {
  4: 'The whole agent is stopped.',
  5: 'Its credentials are revoked, where others than that point enforce it.',
} as const;

interface Held {
  readonly kind: string;
  readonly level: number;
}

function verdictOn(
  event: Event,
  afterMs: number,
  held: Held,
  { config }: Context,
): DetectorVerdict {
  const { kind } = held;
  const level = rungAbove(held);
  const tool = shownName(event.action.name);
  const seconds = Math.round(afterMs / SECOND_MS);
  const after = seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
  return {
    level: 'critical',
    score: 97,
    actual: seconds,
    typical: null,
    probability: null,
    title: `${tool} succeeded ${after} after its ${kind} was revoked`,
    explanation:
      'The revocation had been applied and acknowledged, or told by the issuer, and the call ' +
      `succeeded all the same: some enforcement point does not honour revocations. ` +
      CONSEQUENCES[level],
    measures: { seconds_after: seconds },
    facts: { tool, revoked: kind },
    trip: { key: 'agent', level },
    dedupKey: `${kind}${held.level}\n${event.session?.id ?? ''}\n${event.token?.jti ?? ''}`,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}
