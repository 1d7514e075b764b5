import * as z from 'zod';
import {
  type AccessEvent,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  MINUTE_MS,
  matchesAnyGlob,
  matchesGlob,
  NO_STATE,
  NO_VERDICTS,
  type Redacted,
  shownName,
  UNKNOWN_TENANT,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  allowed_pairs: z
    .array(
      z.strictObject({
        from: z.string().min(1).describe('Tenant of the agent; a glob.'),
        to: z.string().min(1).describe('Owner of the resource; a glob.'),
      }),
    )
    .default([])
    .describe('Crossings that are meant to happen, one direction each.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same crossing within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

/** An agent of one tenant touches what belongs to another. */
export default defineDetector<Config, Record<string, never>>({
  id: 'cross_tenant_access',
  version: 2,
  status: 'stable',
  title: 'Cross-tenant access',
  family: 'deterministic',
  scope: 'agent',
  defaultMode: 'enforce',
  tags: ['tenant', 'isolation', 'attack.t1199', 'owasp.asi03'],
  config: CONFIG,
  init: () => NO_STATE,
  applies: touchesSomething,
  judges(event, { resourceFact }) {
    if (event.tenant.id === UNKNOWN_TENANT) {
      return {
        field: 'tenant',
        cure: 'Send events with a credential that is bound to the tenant they belong to.',
      };
    }
    if (event.resource?.tenant !== undefined || resourceFact?.tenant !== undefined) return null;
    return {
      field: 'resource.tenant',
      cure: 'Send resource.tenant, or name the owners of resources with PUT /v1/grants.',
    };
  },
  observe(event, _state, context) {
    const owner = foreignOwner(event, context);
    return owner === null ? NO_VERDICTS : [crossing(event, owner, context)];
  },
});

const TOUCHING: ReadonlySet<AccessEvent['kind']> = new Set(['tool_call', 'data_access', 'admin']);

function touchesSomething({ kind, resource }: Event): boolean {
  return TOUCHING.has(kind) || resource !== undefined;
}

/**
 * The owner that is neither the agent's tenant nor allowed to it. The facts that an operator wrote
 * down and what the event says are both asked; one foreign owner is enough.
 */
function foreignOwner(event: Event, { grant, resourceFact, config }: Context): string | null {
  const { id: own } = event.tenant;
  if (own === UNKNOWN_TENANT) return null;
  for (const owner of [resourceFact?.tenant, event.resource?.tenant]) {
    if (owner === undefined || owner === own) continue;
    if (matchesAnyGlob(grant?.tenants ?? [], owner)) continue;
    const isAllowed = config.allowed_pairs.some(
      ({ from, to }) => matchesGlob(from, own) && matchesGlob(to, owner),
    );
    if (!isAllowed) return owner;
  }
  return null;
}

function hasSucceeded({ kind, phase, outcome, decision }: Event): boolean {
  if (phase === 'proposed' || kind === 'authz_decision') return false;
  if (outcome.status === 'success') return true;
  return outcome.status === 'unknown' && decision?.verdict !== 'deny';
}

function crossing(event: Event, owner: string, { config }: Context): DetectorVerdict {
  const done = hasSucceeded(event);
  const [from, to] = [shownName(event.tenant.id), shownName(owner)];
  const common = {
    actual: null,
    typical: null,
    probability: null,
    facts: {
      agent_tenant: from,
      resource_tenant: to,
      tool: shownName(event.action.name),
      operation: event.action.op,
      outcome: event.outcome.status,
    },
    dedupKey: `${done ? 'done' : 'tried'}\n${owner}`,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  if (!done) {
    return {
      ...common,
      level: 'medium',
      score: 40,
      title: `An agent of ${from} tried to reach what belongs to ${to}`,
      explanation:
        'The access was refused or failed, so tenant isolation held. The attempt counts towards ' +
        "the agent's risk.",
      trip: null,
      held: 'below_threshold',
    };
  }
  return {
    ...common,
    level: 'critical',
    score: 99,
    title: `An agent of ${from} reached what belongs to ${to}`,
    explanation:
      'The access succeeded and nothing on record allows it: tenant isolation failed. The agent ' +
      'is revoked until people have looked at it.',
    trip: { key: 'agent', level: 5 },
  };
}
