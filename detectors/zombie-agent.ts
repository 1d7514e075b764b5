import * as z from 'zod';
import {
  type AgentGrant,
  amount,
  DAY_MS,
  type DetectorVerdict,
  defineDetector,
  NO_FIGURES,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  idle_days: z
    .number()
    .positive()
    .default(30)
    .describe('Days without any event after which an agent counts as asleep.'),
  review_ownerless: z
    .boolean()
    .default(true)
    .describe('Whether a registered agent whose grant names no owner is told for review.'),
  again_days: z
    .number()
    .positive()
    .default(30)
    .describe('Days after which a missing owner is told again.'),
});
type Config = z.output<typeof CONFIG>;

/** Event time of its latest event, and of the last word about its owner; 0 for never. */
interface State {
  latest: number;
  told: number;
}

/** An agent that nobody answers for any more, and that acts. */
export default defineDetector<Config, State>({
  id: 'zombie_agent',
  version: 1,
  status: 'test',
  title: 'Forgotten agent that acts',
  family: 'novelty',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['scope', 'lifecycle', 'attack.t1078', 'owasp.asi03'],
  config: CONFIG,
  init: () => ({ latest: 0, told: 0 }),
  // Idleness needs nothing but events; what a grant would tell is judged where there is one.
  judges: () => null,
  observe(event, state, { config, grant, counted }) {
    if (!counted) return [];
    const idleMs = state.latest === 0 ? 0 : event.time - state.latest;
    state.latest = Math.max(state.latest, event.time);
    const isExpired = grant?.validUntil !== undefined && event.time >= grant.validUntil;
    if (isExpired) return [expired(grant, idleMs)];
    if (idleMs >= config.idle_days * DAY_MS) return [awake(grant, idleMs)];
    const isDue = state.told === 0 || event.time - state.told >= config.again_days * DAY_MS;
    if (!config.review_ownerless || grant === null || hasOwner(grant) || !isDue) return [];
    state.told = event.time;
    return [ownerless(config)];
  },
});

function hasOwner({ owners }: AgentGrant): boolean {
  return Boolean(owners?.business ?? owners?.technical);
}

function daysText(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  return days === 1 ? '1 day' : `${amount(days)} days`;
}

function expired(grant: AgentGrant | null, idleMs: number): DetectorVerdict {
  return {
    ...NO_FIGURES,
    level: 'high',
    score: 65,
    title: 'An agent whose grant has expired acts',
    explanation:
      'Its grant has ended, so nobody vouches for it any more, and still it works. Either renew ' +
      'the grant or take its credentials away.',
    measures: { idle_days: Math.floor(idleMs / DAY_MS) },
    facts: { why: 'expired', owner: grant && hasOwner(grant) ? 'named' : 'none' },
    trip: { key: 'agent', level: 2 },
    dedupKey: 'expired',
    dedupMs: DAY_MS,
  };
}

function awake(grant: AgentGrant | null, idleMs: number): DetectorVerdict {
  const isOwned = grant !== null && hasOwner(grant);
  return {
    ...NO_FIGURES,
    level: isOwned ? 'medium' : 'high',
    score: isOwned ? 40 : 60,
    title: `An agent acts again after ${daysText(idleMs)} of silence`,
    explanation:
      `Nothing was heard of this agent for ${daysText(idleMs)}${
        isOwned ? '' : ', and no owner ' + 'is named for it'
      }. A forgotten agent with working credentials is what intruders look for; ` +
      'somebody who knows it should say why it is back.',
    measures: { idle_days: Math.floor(idleMs / DAY_MS) },
    facts: { why: 'idle', owner: isOwned ? 'named' : 'none' },
    trip: { key: 'agent', level: 2 },
    dedupKey: 'idle',
    dedupMs: DAY_MS,
  };
}

function ownerless({ again_days }: Config): DetectorVerdict {
  return {
    ...NO_FIGURES,
    level: 'low',
    score: 10,
    title: 'No owner is named for this agent',
    explanation:
      'The grant of this agent names neither a business nor a technical owner, so nobody would ' +
      'be asked if it did harm. Add `owners` to its grant.',
    facts: { why: 'ownerless' },
    trip: null,
    held: 'below_threshold',
    dedupKey: 'ownerless',
    dedupMs: again_days * DAY_MS,
  };
}
