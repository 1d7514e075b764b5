import * as z from 'zod';
import {
  type AccessEvent,
  createRecentTable,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  keepRecent,
  limitsOf,
  MINUTE_MS,
  matchesAnyGlob,
  NO_VERDICTS,
  type RecentTable,
  type Redacted,
  recallRecent,
  SECOND_MS,
  shownName,
  type TokenLimits,
  wentThrough,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  strict_types: z
    .array(z.string().min(1))
    .default([])
    .describe('Types of authorization_details whose words are those of the events; globs.'),
  expiry_grace_seconds: z
    .number()
    .min(0)
    .default(60)
    .describe('Time after the end of a decision in which its use is not held against anybody.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same mismatch of one session within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

interface State {
  /** Types whose words were seen to be those of the events, by type and member. */
  readonly spoken: RecentTable<1>;
}

type Member = 'action' | 'amount' | 'audience' | 'tenant' | 'expiry';

/** A call that is not the one its decision or its token allowed. */
export default defineDetector<Config, State>({
  id: 'token_mismatch',
  version: 1,
  status: 'test',
  title: 'Call other than allowed',
  family: 'deterministic',
  scope: 'tenant',
  defaultMode: 'shadow',
  tags: ['token', 'decision', 'attack.t1550', 'owasp.asi03'],
  config: CONFIG,
  kinds: ['tool_call', 'data_access', 'admin', 'token_use'],
  init: () => ({ spoken: createRecentTable() }),
  judges(event) {
    if (event.decision?.constraints !== undefined || event.decision?.expires !== undefined) {
      return null;
    }
    if (detailsOf(event).length > 0 || isContradicted(event)) return null;
    return {
      field: 'scopes.details',
      cure:
        'Have calls carry tokens with authorization_details, or send decision.constraints, so ' +
        'that what was done can be compared with what was allowed.',
    };
  },
  observe(event, state, context) {
    const member = mismatchOf(event, state, context);
    return member === null ? NO_VERDICTS : [verdictOn(event, member, context)];
  },
});

/** Only of a token that was verified, or that somebody but the agent vouches for. */
function detailsOf({ scopes, token, source }: Event): readonly TokenLimits[] {
  if (token?.verified !== true && source.trust === 'agent') return [];
  if (token?.failure !== undefined) return [];
  return (scopes?.details ?? []).map(limitsOf);
}

function isContradicted({ token }: Event): boolean {
  return token?.contradicts?.includes('tenant') ?? false;
}

function mismatchOf(event: Event, state: State, { config, counted }: Context): Member | null {
  if (isContradicted(event)) return 'tenant';
  const { expires } = event.decision ?? {};
  const graceMs = config.expiry_grace_seconds * SECOND_MS;
  if (expires !== undefined && event.time > expires + graceMs) return 'expiry';
  const constraints = limitsOf(event.decision?.constraints);
  const details = detailsOf(event);
  const broken = plainMismatch(event, constraints);
  if (broken !== null) return broken;
  if (details.length === 0) return null;
  // Each of the details allows something; a call that keeps to any of them is allowed.
  const plain = details.map((limits) => plainMismatch(event, limits));
  const [first] = plain;
  if (first !== undefined && first !== null && plain.every((one) => one !== null)) return first;
  for (const member of ['action', 'audience'] as const) {
    if (isUnspoken(event, member, details, state, { config, counted })) return member;
  }
  return null;
}

/** What needs no common language: amounts and tenants. */
function plainMismatch({ action, tenant, resource }: Event, limits: TokenLimits): Member | null {
  const { maxAmount, currency, tenants } = limits;
  const { amount } = action;
  if (maxAmount !== null && amount !== undefined) {
    if (Math.abs(amount.value) > maxAmount) return 'amount';
    const isOther = currency !== null && amount.currency !== undefined;
    if (isOther && currency.toLowerCase() !== amount.currency.toLowerCase()) return 'amount';
  }
  if (tenants.length === 0) return null;
  return tenants.includes(resource?.tenant ?? tenant.id) ? null : 'tenant';
}

/**
 * Whether none of the details names the call, though issuer and events are known to use the same
 * names: they were equal before for this type, or the configuration says so.
 */
function isUnspoken(
  event: Event,
  member: 'action' | 'audience',
  details: readonly TokenLimits[],
  { spoken }: State,
  { config, counted }: Pick<Context, 'config' | 'counted'>,
): boolean {
  const naming = details.filter((limits) => wordsOf(limits, member).length > 0);
  if (naming.length === 0 || naming.length < details.length) return false;
  const own = ownWords(event, member);
  if (own.length === 0) return false;
  const matching = naming.find((limits) =>
    own.some((word) => wordsOf(limits, member).includes(word)),
  );
  if (matching !== undefined) {
    const key = `${matching.type}\n${member}`;
    if (counted && recallRecent(spoken, key) === undefined) keepRecent(spoken, key, 1, 'tenant');
    return false;
  }
  return naming.every(({ type }) => {
    const isKnown = recallRecent(spoken, `${type}\n${member}`) !== undefined;
    return isKnown || matchesAnyGlob(config.strict_types, type);
  });
}

function wordsOf(limits: TokenLimits, member: 'action' | 'audience'): readonly string[] {
  return member === 'action' ? limits.actions : limits.locations;
}

function ownWords({ action, resource }: Event, member: 'action' | 'audience'): readonly string[] {
  if (member === 'action') return [action.name, action.op];
  return resource?.server === undefined ? [] : [resource.server];
}

const WORDS: Readonly<Record<Member, string>> = {
  action: 'another action than the one it was allowed',
  amount: 'a larger or other amount than it was allowed',
  audience: 'another server than the one it was allowed',
  tenant: 'another tenant than its token is for',
  expiry: 'a decision that had expired',
};

function verdictOn(event: Event, member: Member, { config }: Context): DetectorVerdict {
  const tool = shownName(event.action.name);
  const done = event.phase === 'executed' && wentThrough(event);
  const limit = limitsOf(event.decision?.constraints).maxAmount ?? detailsOf(event)[0]?.maxAmount;
  const moved = event.action.amount?.value;
  const isAmount = member === 'amount' && moved !== undefined;
  const common = {
    actual: isAmount ? Math.abs(moved) : null,
    typical: isAmount ? (limit ?? null) : null,
    probability: null,
    facts: { member, tool, outcome: event.outcome.status },
    dedupKey: [done, member, event.session?.id ?? '', event.action.name].join('\n'),
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  if (!done) {
    return {
      ...common,
      level: 'medium',
      score: 35,
      title: `${tool} was tried with ${WORDS[member]}`,
      explanation:
        'What was asked for is not what the decision or the token allows. The call was not ' +
        'carried out; the attempt counts towards the risk of the agent.',
      trip: null,
      held: 'below_threshold',
    };
  }
  return {
    ...common,
    level: 'critical',
    score: 93,
    title: `${tool} was carried out with ${WORDS[member]}`,
    explanation:
      'What was done is not what the decision or the token allowed, and it went through: the ' +
      'allowance of one call was used for another. The session is suspended until a person has ' +
      'looked at it.',
    trip: { key: 'session', level: 4 },
  };
}
