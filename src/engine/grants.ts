import type { AccessEvent } from '../core/access-event.ts';
import type {
  ActionFact,
  AgentGrant,
  GrantSet,
  PrincipalGrant,
  ResourceFact,
} from '../core/grant.ts';
import { matchesGlob } from './detect/glob.ts';

/** The grant of an agent: an exact name wins over a glob, an earlier glob over a later one. */
export function grantOf(grants: GrantSet, agent: string): AgentGrant | null {
  const exact = grants.agents.find((grant) => grant.agent === agent);
  return exact ?? grants.agents.find((grant) => matchesGlob(grant.agent, agent)) ?? null;
}

/** The grant of the person behind the event: exact before glob, earlier before later. */
export function principalGrantOf(grants: GrantSet, event: AccessEvent): PrincipalGrant | null {
  const sub = event.principal?.sub;
  if (sub === undefined || grants.principals.length === 0) return null;
  const { exact, globs } = principalsOf(grants);
  return exact.get(sub) ?? globs.find(({ match }) => matchesGlob(match, sub)) ?? null;
}

interface Principals {
  readonly exact: ReadonlyMap<string, PrincipalGrant>;
  readonly globs: readonly PrincipalGrant[];
}

/** People are many and on every event, so they are looked up; made once per grants document. */
const principalsByGrants = new WeakMap<GrantSet, Principals>();

function principalsOf(grants: GrantSet): Principals {
  const known = principalsByGrants.get(grants);
  if (known) return known;
  const exact = new Map<string, PrincipalGrant>();
  const globs: PrincipalGrant[] = [];
  for (const grant of grants.principals) {
    if (grant.match.includes('*')) globs.push(grant);
    else if (!exact.has(grant.match)) exact.set(grant.match, grant);
  }
  const made = { exact, globs };
  principalsByGrants.set(grants, made);
  return made;
}

/** `type:id`, the text that grant and fact globs are matched against. */
export function resourceText(event: Pick<AccessEvent, 'resource'>): string | null {
  const { type, id } = event.resource ?? {};
  if (id === undefined) return null;
  return type === undefined ? id : `${type}:${id}`;
}

export function resourceFactOf(grants: GrantSet, event: AccessEvent): ResourceFact | null {
  if (grants.resources.length === 0) return null;
  const text = resourceText(event);
  if (text === null) return null;
  return grants.resources.find((fact) => matchesGlob(fact.match, text)) ?? null;
}

export function actionFactOf(grants: GrantSet, event: AccessEvent): ActionFact | null {
  if (grants.actions.length === 0) return null;
  return grants.actions.find((fact) => matchesGlob(fact.match, event.action.name)) ?? null;
}
