import * as z from 'zod';
import {
  type AccessEvent,
  createRecentTable,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  hashNumber,
  keepRecent,
  MINUTE_MS,
  NO_VERDICTS,
  onlyReads,
  type RecentTable,
  type Redacted,
  recallRecent,
  shownName,
  wentThrough,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  grace_minutes: z
    .number()
    .min(0)
    .default(10)
    .describe('Time that a new version has to reach every decision point.'),
  rollback_decisions: z
    .int()
    .min(2)
    .default(50)
    .describe('Decisions in a row under an older version from which it is in effect again.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('Decisions of one policy under an older version within this time are one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

/** The version of one policy that is in effect. */
interface InEffect {
  /** A version that is a number, or numbers with dots between, can be compared; others cannot. */
  readonly parts: readonly number[] | null;
  readonly hash: number;
  readonly since: number;
  /** Versions that it took the place of, as hashes. */
  readonly before: readonly number[];
  /** Decisions in a row under an older one. */
  readonly older: number;
}

interface State {
  readonly policies: RecentTable<InEffect>;
}

/** Older versions of one policy that are remembered. */
const BEFORE = 3;

/** A decision under an older version of a policy than the one in effect. */
export default defineDetector<Config, State>({
  id: 'stale_policy',
  version: 1,
  status: 'test',
  title: 'Decided under an old policy',
  family: 'deterministic',
  scope: 'tenant',
  defaultMode: 'shadow',
  tags: ['decision', 'policy', 'owasp.asi03'],
  config: CONFIG,
  kinds: ['authz_decision', 'tool_call', 'data_access'],
  init: () => ({ policies: createRecentTable() }),
  parts: ['decision'],
  judges(event) {
    if (event.decision?.policy?.version !== undefined) return null;
    return {
      field: 'decision.policy.version',
      cure: 'Send the version of the policy with each decision.',
    };
  },
  observe(event, state, context) {
    const { id = '', version } = event.decision?.policy ?? {};
    if (version === undefined || event.source.trust === 'agent') return NO_VERDICTS;
    const known = recallRecent(state.policies, id);
    const hash = hashNumber(version);
    if (known?.hash === hash) {
      if (context.counted && known.older > 0) keep(state, id, { ...known, older: 0 });
      return NO_VERDICTS;
    }
    const parts = partsOf(version);
    if (known === undefined || isNewer(hash, parts, known)) {
      const before = known === undefined ? [] : [known.hash, ...known.before].slice(0, BEFORE);
      const since = known === undefined ? event.time : Math.max(known.since, event.time);
      if (context.counted) keep(state, id, { parts, hash, since, before, older: 0 });
      return NO_VERDICTS;
    }
    return isStale(event, id, { hash, parts }, known, state, context)
      ? [verdictOn(event, id, known.since, context)]
      : NO_VERDICTS;
  },
});

function keep({ policies }: State, id: string, inEffect: InEffect): void {
  keepRecent(policies, id, inEffect, 'tenant');
}

function isStale(
  event: Event,
  id: string,
  { hash, parts }: Pick<InEffect, 'hash' | 'parts'>,
  known: InEffect,
  state: State,
  { config, counted }: Context,
): boolean {
  if (event.time <= known.since + config.grace_minutes * MINUTE_MS) return false;
  const older = known.older + 1;
  if (!counted) return older < config.rollback_decisions;
  if (older < config.rollback_decisions) {
    keep(state, id, { ...known, older });
    return true;
  }
  const before = known.before.filter((one) => one !== hash);
  keep(state, id, { parts, hash, since: event.time, before, older: 0 });
  return false;
}

/** Numbers tell which is newer; of other versions, the one that was not seen before is. */
function isNewer(hash: number, parts: readonly number[] | null, known: InEffect): boolean {
  if (known.before.includes(hash)) return false;
  if (parts === null || known.parts === null) return true;
  for (let at = 0; at < Math.max(parts.length, known.parts.length); at += 1) {
    const difference = (parts[at] ?? 0) - (known.parts[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function partsOf(version: string): readonly number[] | null {
  return /^v?\d{1,9}(\.\d{1,9}){0,3}$/.test(version)
    ? version.replace('v', '').split('.').map(Number)
    : null;
}

function verdictOn(event: Event, id: string, since: number, { config }: Context): DetectorVerdict {
  const tool = shownName(event.action.name);
  const policy = shownName(id);
  const minutes = Math.round((event.time - since) / MINUTE_MS);
  const { action, decision, kind, phase } = event;
  const acted = kind !== 'authz_decision' && phase === 'executed' && wentThrough(event);
  const risky = acted && decision?.verdict === 'allow' && !onlyReads(action.op);
  const common = {
    actual: minutes,
    typical: config.grace_minutes,
    probability: null,
    title: `${tool} was decided under an old version of ${policy === '' ? 'its policy' : policy}`,
    measures: { minutes_since_newer: minutes },
    facts: { tool, policy, verdict: decision?.verdict ?? '' },
    dedupKey: `${risky ? 'acted' : 'decided'}\n${id}`,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  const why =
    `A newer version has been in use for ${minutes} minutes, and this decision was still made ` +
    'under one before it: a decision point was not updated, or somebody keeps the old rules.';
  if (!risky) {
    return {
      ...common,
      level: 'medium',
      score: 35,
      explanation: `${why} Update it.`,
      trip: null,
      held: 'below_threshold',
    };
  }
  return {
    ...common,
    level: 'high',
    score: 55,
    explanation: `${why} The call changed something; a person should approve what comes next.`,
    trip: { key: 'session', level: 2 },
  };
}
