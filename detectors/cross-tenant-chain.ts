import * as z from 'zod';
import {
  type AccessEvent,
  createRecentTable,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  keepRecent,
  MINUTE_MS,
  matchesAnyGlob,
  matchesGlob,
  NO_VERDICTS,
  type NotJudged,
  onlyReads,
  type RecentTable,
  type Redacted,
  recallRecent,
  shownName,
  wentThrough,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  allowed_pairs: z
    .array(
      z.strictObject({
        from: z.string().min(1).describe('Tenant the chain touched first; a glob.'),
        to: z.string().min(1).describe('Tenant it touches then; a glob.'),
      }),
    )
    .default([])
    .describe('Pairs of tenants that one request may touch, one direction each.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same crossing of one chain within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

/** What a chain touched first. */
interface Touched {
  readonly owner: string;
  readonly agent: string;
}

interface State {
  readonly chains: RecentTable<Touched>;
}

const NO_OWNER: NotJudged = {
  field: 'resource.tenant',
  cure: 'Send resource.tenant, or name the owners of resources with PUT /v1/grants.',
};

/** One request that touches what belongs to two tenants, by the hands of different agents. */
export default defineDetector<Config, State>({
  id: 'cross_tenant_chain',
  version: 1,
  status: 'experimental',
  title: 'Chain across tenants',
  family: 'deterministic',
  scope: 'chain',
  defaultMode: 'shadow',
  tags: ['tenant', 'isolation', 'delegation', 'attack.t1199', 'owasp.asi07'],
  config: CONFIG,
  kinds: ['tool_call', 'data_access', 'admin'],
  init: () => ({ chains: createRecentTable() }),
  judges(event, context) {
    if (ownerOf(event, context) !== null) return null;
    return NO_OWNER;
  },
  observe(event, { chains }, context) {
    const owner = ownerOf(event, context);
    const isDone = event.phase === 'executed' && wentThrough(event);
    if (owner === null || !isDone) return NO_VERDICTS;
    const chain = context.chainId();
    const first = recallRecent(chains, chain);
    const agent = event.agent.id;
    if (first === undefined) {
      if (context.counted)
        keepRecent(chains, chain, { owner: cut(owner), agent: cut(agent) }, 'tenant');
      return NO_VERDICTS;
    }
    const isHandedOver = !isCutOf(first.agent, agent) || (event.delegation?.length ?? 0) > 0;
    if (!isHandedOver || isCutOf(first.owner, owner)) return NO_VERDICTS;
    return isAllowed(first.owner, owner, context)
      ? NO_VERDICTS
      : [verdictOn(event, chain, first, owner, context)];
  },
});

const KEPT_CHARS = 64;

/** Enough of a name to know it again and to show it. */
function cut(name: string): string {
  return shownName(name).slice(0, KEPT_CHARS);
}

/** Most names are short and plain, and their own cut. */
function isCutOf(kept: string, name: string): boolean {
  return kept === name || kept === cut(name);
}

function ownerOf({ resource }: Event, { resourceFact }: Context): string | null {
  return resourceFact?.tenant ?? resource?.tenant ?? null;
}

/** An agent that was granted both tenants serves both by design. */
function isAllowed(from: string, to: string, { config, grant }: Context): boolean {
  const granted = grant?.tenants;
  if (granted && matchesAnyGlob(granted, from) && matchesAnyGlob(granted, to)) return true;
  return config.allowed_pairs.some(
    (pair) => matchesGlob(pair.from, from) && matchesGlob(pair.to, to),
  );
}

function verdictOn(
  event: Event,
  chain: string,
  first: Touched,
  owner: string,
  { config, actionFact }: Context,
): DetectorVerdict {
  const changes = !onlyReads(actionFact?.op ?? event.action.op);
  const to = shownName(owner);
  return {
    level: 'high',
    score: changes ? 75 : 60,
    actual: 2,
    typical: 1,
    probability: null,
    title: `One request touched what belongs to ${first.owner} and what belongs to ${to}`,
    explanation:
      `Agent ${first.agent} worked on what belongs to ${first.owner}, then ` +
      `${shownName(event.agent.id)} ${changes ? 'changed' : 'read'} what belongs to ${to}, in ` +
      'the same request. Each may be allowed to do its part; together they can carry data ' +
      'across. A person should approve what the session does next.',
    facts: {
      first_tenant: first.owner,
      then_tenant: to,
      first_agent: first.agent,
      tool: shownName(event.action.name),
    },
    trip: { key: 'session', level: 2 },
    dedupKey: `${chain}\n${owner}`,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}
