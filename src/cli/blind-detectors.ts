import type { AgentBody, AgentCoverage } from '../api/contract.ts';

/** Every detector that cannot judge an agent, with the field that would cure it. */
export function blindDetectors(agent: Pick<AgentBody, 'coverage'>): readonly string[] {
  return agent.coverage.filter(isBlind).map(named);
}

/** The same for a table: those that could act by name, those in shadow as a number. */
export function blindInShort(agent: Pick<AgentBody, 'coverage'>): string {
  const blind = agent.coverage.filter(isBlind);
  const acting = blind.filter(({ mode }) => mode !== 'shadow').map(named);
  const inShadow = blind.length - acting.length;
  if (inShadow === 0) return acting.length === 0 ? '-' : acting.join(', ');
  if (acting.length === 0) return `${inShadow} in shadow`;
  return `${acting.join(', ')}, +${inShadow} more in shadow`;
}

function isBlind({ verdict }: AgentCoverage): boolean {
  return verdict === 'blind';
}

function named({ detector, field }: AgentCoverage): string {
  return `${detector} (${field})`;
}
