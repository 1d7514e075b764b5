import * as z from 'zod';
import {
  type AgentGrant,
  amount,
  DAY_MS,
  type DetectorVerdict,
  defineDetector,
  NO_FIGURES,
  NO_VERDICTS,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  idle_days: z
    .number()
    .positive()
    .default(30)
    .describe('Days without any event after which an agent counts as asleep.'),
  ownerless_idle_days: z
    .number()
    .positive()
    .default(7)
    .describe('The same for a registered agent whose grant names no owner.'),
});
type Config = z.output<typeof CONFIG>;

/** Event time of its latest event; 0 for none. */
interface State {
  latest: number;
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
  init: () => ({ latest: 0 }),
  // Idleness needs nothing but events; what a grant would tell is judged where there is one.
  judges: () => null,
  observe(event, state, { config, grant, counted }) {
    if (!counted) return NO_VERDICTS;
    const idleMs = state.latest === 0 ? 0 : event.time - state.latest;
    state.latest = Math.max(state.latest, event.time);
    if (grant?.validUntil !== undefined && event.time >= grant.validUntil) {
      return [expired(grant, idleMs)];
    }
    const isOwnerless = grant !== null && !hasOwner(grant);
    const days = isOwnerless ? config.ownerless_idle_days : config.idle_days;
    return idleMs >= days * DAY_MS ? [awake(isOwnerless, idleMs)] : NO_VERDICTS;
  },
});

function hasOwner({ owners }: AgentGrant): boolean {
  return Boolean(owners?.business ?? owners?.technical);
}

function daysText(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  return days === 1 ? '1 day' : `${amount(days)} days`;
}

function expired(grant: AgentGrant, idleMs: number): DetectorVerdict {
  return {
    ...NO_FIGURES,
    level: 'high',
    score: 65,
    title: 'An agent whose grant has expired acts',
    explanation:
      'Its grant has ended, so nobody vouches for it any more, and still it works. Either renew ' +
      'the grant or take its credentials away.',
    measures: { idle_days: Math.floor(idleMs / DAY_MS) },
    facts: { why: 'expired', owner: hasOwner(grant) ? 'named' : 'none' },
    trip: { key: 'agent', level: 2 },
    dedupKey: 'expired',
    dedupMs: DAY_MS,
  };
}

function awake(isOwnerless: boolean, idleMs: number): DetectorVerdict {
  return {
    ...NO_FIGURES,
    level: isOwnerless ? 'high' : 'medium',
    score: isOwnerless ? 60 : 40,
    title: `An agent acts again after ${daysText(idleMs)} of silence`,
    explanation:
      `Nothing was heard of this agent for ${daysText(idleMs)}` +
      `${isOwnerless ? ', and its grant names no owner' : ''}. A forgotten agent with working ` +
      'credentials is what intruders look for; somebody who knows it should say why it is back.',
    measures: { idle_days: Math.floor(idleMs / DAY_MS) },
    facts: { why: 'idle', owner: isOwnerless ? 'none' : 'unknown' },
    trip: { key: 'agent', level: 2 },
    dedupKey: 'idle',
    dedupMs: DAY_MS,
  };
}
