import type { AgentBody } from '../../../../src/api/contract.ts';
import type { Words } from '../components/order-form.tsx';
import { postJson } from './api.ts';

interface Named {
  readonly tenant: string;
  readonly agent: string;
}

/** What people order about what is known of an agent; recorded with its reason. */
export const historyApi = {
  reset: async (named: Named, words: Words): Promise<AgentBody> =>
    (await postJson(pathOf(named, 'reset'), words)) as AgentBody,

  merge: async (
    named: Named,
    order: { from: string; joining: 'in_turn' | 'at_once' } & Words,
  ): Promise<AgentBody> => (await postJson(pathOf(named, 'merge'), order)) as AgentBody,
};

function pathOf({ tenant, agent }: Named, what: string): string {
  return `v1/agents/${encodeURIComponent(tenant)}/${encodeURIComponent(agent)}/baseline/${what}`;
}
