import { expect, it } from 'vitest';
import { REGISTRY } from '../components.ts';
import { packAgent, unpackAgent } from './agent-snapshot.ts';
import { Shard } from './shard.ts';
import { hostileAgent } from './testing/hostile-agent.ts';

it('gives an agent back as it was, whatever it holds', () => {
  const shard = new Shard({ registry: REGISTRY, initialPosture: 'enforce' });
  for (const entry of hostileAgent(400)) shard.apply([entry]);
  const tenant = shard.tenants.get('acme');
  const agent = tenant?.agents.get('bot');
  if (!tenant || !agent) throw new Error('the agent was folded');
  const packed = JSON.parse(JSON.stringify(packAgent(agent)));
  const back = unpackAgent(packed, tenant.places);
  for (const part of ['openFindings', 'risk', 'baseline', 'agreement', 'flood'] as const) {
    expect(back[part], part).toEqual(agent[part]);
  }
  expect(back.practice.notes).toEqual(agent.practice.notes);
  expect(back.openFindings.size).toBeGreaterThan(0);
  expect(JSON.stringify(packAgent(back))).toBe(JSON.stringify(packed));
});
