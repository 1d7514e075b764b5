import { expect, it } from 'vitest';
import { REGISTRY } from '../components.ts';
import { LIMITS } from '../core/limits.ts';
import { Shard } from './shard.ts';
import { type SnapshotChunk, snapshot } from './snapshot.ts';
import { hostileAgent } from './testing/hostile-agent.ts';

const ROUNDS = 3_000;
const LOOK_EVERY = 100;

it('keeps an agent within its limit, however hostile its names', () => {
  const shard = new Shard({ registry: REGISTRY, initialPosture: 'enforce' });
  let largest = 0;
  let entries = 0;
  for (const entry of hostileAgent(ROUNDS)) {
    shard.apply([entry]);
    entries += 1;
    if (entries % LOOK_EVERY === 0) largest = Math.max(largest, agentBytes(shard));
  }
  const agent = shard.tenants.get('acme')?.agents.get('bot');
  expect(agent?.openFindings.size).toBe(LIMITS.openFindingsPerAgent);
  expect(agent?.risk.length).toBe(LIMITS.riskMarksPerAgent);
  expect(agent?.practice.notes.length).toBe(LIMITS.practiceNotesPerAgent);
  expect(agent?.baseline.measures.tokens?.rate.weekMinutes.every((each) => each > 0)).toBe(true);
  expect(largest).toBeLessThanOrEqual(LIMITS.agentStateBytes);
  // Or the limit would say nothing.
  expect(largest).toBeGreaterThan(LIMITS.agentStateBytes / 2);
});

function agentBytes(shard: Shard): number {
  const isAgent = ({ type }: SnapshotChunk) => type === 'agent';
  const [chunk] = [...snapshot(shard)].filter(isAgent);
  return new TextEncoder().encode(JSON.stringify(chunk)).length;
}
