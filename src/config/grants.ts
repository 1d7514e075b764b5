import * as z from 'zod';
import { OPERATIONS } from '../core/access-event.ts';
import type { AgentGrant, GrantSet, PrincipalGrant } from '../core/grant.ts';
import { LIMITS } from '../core/limits.ts';
import { parseDocument } from './document.ts';
import { type Problem, problemsOfIssues, sortProblems } from './problems.ts';
import type { JsonSchema } from './schema-path.ts';

export type GrantsResult =
  | {
      /** One set per tenant that an agent or principal entry names. */
      readonly grants: ReadonlyMap<string, GrantSet>;
      /** What holds in every tenant, named here or not: facts, and principals without tenant. */
      readonly everyTenant: GrantSet;
    }
  | { readonly problems: readonly Problem[] };

/**
 * Reads the grants file (YAML or JSON). Agents and principals belong to the tenant they name. The
 * `tenant` of a resource entry is its owner, not its audience: every tenant must know which
 * resources are another's, or access across tenants could not be told.
 */
export function parseGrants(text: string): GrantsResult {
  const document = parseDocument(text, GRANTS_JSON_SCHEMA, null);
  const checked = GRANTS_SCHEMA.safeParse(document.value);
  const issues = checked.error?.issues ?? [];
  const problems = [
    ...document.problems,
    ...problemsOfIssues(issues, document.value, GRANTS_JSON_SCHEMA, document.locate),
  ];
  if (problems.length > 0 || !checked.success) return { problems: sortProblems(problems) };
  return { ...byTenant(checked.data) };
}

const text = z.string().min(1).max(LIMITS.identifierChars);
const texts = z.array(text);
/** A bare date means midnight UTC at its beginning, as in the `exp` of a token. */
const instant = z.string().refine(
  (given) =>
    z.iso
      .date()
      .or(z.iso.datetime({ offset: true }))
      .safeParse(given).success,
  'is neither a date (2027-01-01) nor an RFC 3339 time',
);

const agent = z.strictObject({
  tenant: text.describe('The tenant the agent acts in.'),
  agent: text.describe('Agent id; `*` matches any run of characters.'),
  role: text.optional().describe('Peer group; recorded and shown, not judged yet.'),
  owners: z
    .strictObject({
      business: text.optional().describe('Who answers for what it does.'),
      technical: text.optional().describe('Who answers for how it runs.'),
    })
    .optional()
    .describe('Its owners.'),
  scopes: texts.optional().describe('Scopes it may use.'),
  tools: texts.optional().describe('Tools it may call; globs.'),
  resources: texts.optional().describe('Resources it may touch, as `type:id`; globs.'),
  tenants: texts.optional().describe('Tenants whose resources it may touch.'),
  jurisdiction: text.optional().describe('Region its data must stay in.'),
  valid_until: instant.optional().describe('The grant ends here; a bare date is 00:00 UTC.'),
  protected: z
    .boolean()
    .optional()
    .describe('Automation only asks people (level 2 at most), and wants one at once.'),
  approval: z
    .strictObject({
      required_for: texts.optional().describe('Actions that need a person; globs.'),
      max_amount: z.number().min(0).optional().describe('Amount above which a person is needed.'),
    })
    .optional()
    .describe('When a person must approve: see approval_missing.'),
});

const principal = z.strictObject({
  match: text.describe('Subject of the person; glob.'),
  tenant: text.optional().describe('Tenant of the person; absent means every tenant.'),
  resources: texts.optional().describe('Resources the person may see; globs.'),
  jurisdiction: text.optional().describe('Region of the person.'),
  unit: text.optional().describe('Business unit of the person.'),
});

const resource = z.strictObject({
  match: text.describe('Resources, as `type:id`; glob.'),
  tenant: text.optional().describe('Who owns them.'),
  region: text.optional().describe('Where they are kept.'),
  sensitivity: text.optional().describe('How sensitive they are.'),
});

const action = z.strictObject({
  match: text.describe('Action names; glob.'),
  op: z.enum(OPERATIONS).optional().describe('What the action does.'),
  sensitivity: text.optional().describe('How sensitive it is.'),
  outward: z.boolean().optional().describe('Whether it sends something outwards.'),
});

/** The grants file as written: snake_case, unknown keys refused. */
export const GRANTS_SCHEMA = z.strictObject({
  agents: z.array(agent).max(LIMITS.agentsPerTenant).default([]).describe('What agents may do.'),
  principals: z.array(principal).default([]).describe('What people behind agents may see.'),
  resources: z.array(resource).default([]).describe('Who owns what.'),
  actions: z.array(action).default([]).describe('What actions mean.'),
});

export const GRANTS_JSON_SCHEMA = z.toJSONSchema(GRANTS_SCHEMA, { io: 'input' }) as JsonSchema;

function byTenant(
  document: z.output<typeof GRANTS_SCHEMA>,
): Exclude<GrantsResult, { readonly problems: readonly Problem[] }> {
  const agents = document.agents.map(toAgentGrant);
  const principals = document.principals.map((entry) => present(entry) as PrincipalGrant);
  const everyTenant: GrantSet = {
    agents: [],
    principals: principals.filter((entry) => entry.tenant === undefined),
    resources: document.resources.map((entry) => present(entry) as GrantSet['resources'][number]),
    actions: document.actions.map((entry) => present(entry) as GrantSet['actions'][number]),
  };
  const named = new Set<string>();
  for (const { tenant } of [...agents, ...principals]) if (tenant !== undefined) named.add(tenant);
  const agentsOf = Map.groupBy(agents, (entry) => entry.tenant);
  const grants = new Map<string, GrantSet>();
  for (const tenant of named) {
    grants.set(tenant, {
      ...everyTenant,
      agents: agentsOf.get(tenant) ?? [],
      principals: principals.filter(
        (entry) => entry.tenant === undefined || entry.tenant === tenant,
      ),
    });
  }
  return { grants, everyTenant };
}

function toAgentGrant(entry: z.output<typeof agent>): AgentGrant {
  const { valid_until, approval, ...same } = entry;
  return present({
    ...same,
    validUntil: valid_until === undefined ? undefined : Date.parse(valid_until),
    approval:
      approval === undefined
        ? undefined
        : present({ requiredFor: approval.required_for, maxAmount: approval.max_amount }),
  }) as AgentGrant;
}

/** Drops keys without a value, which exact optional properties forbid. */
function present(entry: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}
