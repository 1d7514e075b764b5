import { expect, it } from 'vitest';
import { REGISTRY } from '../components.ts';
import { LIMITS } from '../core/limits.ts';
import { packAgent } from './agent-snapshot.ts';
import { Shard } from './shard.ts';
import type { AgentState } from './tenant-state.ts';
import { hostileAgent } from './testing/hostile-agent.ts';

/** The sum is in limits.ts, at `openFindingsPerAgent`. */
const AGENT_BYTES = 44 * 1024;
const ROUNDS = 1_000;
const LOOK_EVERY = 25;

it('keeps an agent within its limit, however hostile its names', () => {
  const shard = new Shard({ registry: REGISTRY, initialPosture: 'enforce' });
  const most = { bytes: 0, open: 0, facts: 0 };
  let entries = 0;
  for (const entry of hostileAgent(ROUNDS)) {
    shard.apply([entry]);
    entries += 1;
    const agent = shard.tenants.get('acme')?.agents.get('bot');
    if (!agent || entries % LOOK_EVERY !== 0) continue;
    most.bytes = Math.max(most.bytes, bytesOf(agent));
    most.open = Math.max(most.open, agent.openFindings.size);
    most.facts = Math.max(most.facts, agent.practice.facts.size);
  }
  const agent = shard.tenants.get('acme')?.agents.get('bot');
  expect(most.open).toBe(LIMITS.openFindingsPerAgent);
  expect(most.facts).toBeGreaterThan(LIMITS.practiceSlotsPerAgent * 0.7);
  expect(agent?.risk.length).toBe(LIMITS.riskMarksPerAgent);
  expect(agent?.practice.notes.length).toBe(LIMITS.practiceNotesPerAgent);
  expect(agent?.baseline.measures.tokens?.rate.weekMinutes.every((each) => each > 0)).toBe(true);
  expect(most.bytes).toBeLessThanOrEqual(AGENT_BYTES);
  // Or the limit would say nothing.
  expect(most.bytes).toBeGreaterThan(AGENT_BYTES / 2);
}, 60_000);

/** As a chunk of a snapshot. */
function bytesOf(agent: AgentState): number {
  const chunk = { type: 'agent', tenant: 'acme', agent: 'bot', state: packAgent(agent) };
  return new TextEncoder().encode(JSON.stringify(chunk)).length;
}
