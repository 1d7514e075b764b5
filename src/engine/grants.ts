import type { AccessEvent } from '../core/access-event.ts';
import type { ActionFact, AgentGrant, GrantSet, ResourceFact } from '../core/grant.ts';
import { matchesGlob } from './detect/glob.ts';

/** The grant of an agent: an exact name wins over a glob, an earlier glob over a later one. */
export function grantOf(grants: GrantSet, agent: string): AgentGrant | null {
  const exact = grants.agents.find((grant) => grant.agent === agent);
  return exact ?? grants.agents.find((grant) => matchesGlob(grant.agent, agent)) ?? null;
}

/** `type:id`, the text that grant and fact globs are matched against. */
export function resourceText(event: AccessEvent): string | null {
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
  return grants.actions.find((fact) => matchesGlob(fact.match, event.action.name)) ?? null;
}
