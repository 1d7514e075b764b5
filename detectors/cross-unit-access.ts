import * as z from 'zod';
import {
  ACCESS_KINDS,
  type AccessEvent,
  type DetectorVerdict,
  defineDetector,
  MINUTE_MS,
  NO_FIGURES,
  NO_STATE,
  NO_VERDICTS,
  type NotJudged,
  type Redacted,
  shownName,
  wasDone,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  shared_units: z
    .array(z.string().min(1))
    .default(['shared', 'public'])
    .describe('Units whose resources every other unit may use.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same pair of units in one session within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;

const NO_RESOURCE_UNIT: NotJudged = {
  field: 'resource.unit',
  cure: 'Send the business unit that owns the resource.',
};
const NO_GRANTS_PRINCIPALS_UNIT: NotJudged = {
  field: 'grants.principals.unit',
  cure: 'Name the unit of people under `principals` in the grants file, and send for whom.',
};

/** A resource of one business unit reached for a person of another. */
export default defineDetector<Config, Record<string, never>>({
  id: 'cross_unit_access',
  version: 1,
  status: 'test',
  title: 'Access to another unit',
  family: 'deterministic',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['scope', 'segregation', 'attack.t1213', 'owasp.llm06'],
  config: CONFIG,
  init: () => NO_STATE,
  kinds: ACCESS_KINDS,
  judges({ resource }, { principalGrant }) {
    if (resource?.unit === undefined) {
      return NO_RESOURCE_UNIT;
    }
    if (principalGrant?.unit === undefined) {
      return NO_GRANTS_PRINCIPALS_UNIT;
    }
    return null;
  },
  observe(event, _state, { config, principalGrant }) {
    const theirs = event.resource?.unit ?? '';
    const own = principalGrant?.unit ?? '';
    if (isSame(theirs, own) || config.shared_units.some((unit) => isSame(unit, theirs)))
      return NO_VERDICTS;
    return [verdictOn(event, own, theirs, config)];
  },
});

function isSame(one: string, other: string): boolean {
  return one === other || one.toLowerCase() === other.toLowerCase();
}

function verdictOn(
  event: Redacted<AccessEvent>,
  own: string,
  theirs: string,
  config: Config,
): DetectorVerdict {
  const tool = shownName(event.action.name);
  const done = wasDone(event);
  const common = {
    ...NO_FIGURES,
    facts: { tool, unit: shownName(own), resource_unit: shownName(theirs) },
    dedupKey: [done ? 'done' : 'tried', event.session?.id ?? '', own, theirs].join('\n'),
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  if (!done) {
    return {
      ...common,
      level: 'low',
      score: 15,
      title: `Tried ${tool} on another unit's resource`,
      explanation: 'The call was not carried out; the attempt counts towards the risk.',
      trip: null,
      held: 'below_threshold',
    };
  }
  return {
    ...common,
    level: 'medium',
    score: 45,
    title: `${tool} reached a resource of ${shownName(theirs)} for somebody of ${shownName(own)}`,
    explanation:
      'The person behind the agent works in one unit, the resource belongs to another. Where ' +
      'units must be kept apart, a person should approve what the session does next.',
    trip: { key: 'session', level: 2 },
  };
}
