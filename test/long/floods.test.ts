import { afterAll, describe, expect, it } from 'vitest';
import { REGISTRY } from '../../src/components.ts';
import type { AccessEvent } from '../../src/core/access-event.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { Shard } from '../../src/engine/shard.ts';
import { snapshot } from '../../src/engine/snapshot.ts';
import { EntryWriter } from '../../src/engine/testing/entries.ts';

const START = Date.UTC(2026, 0, 5);
const MILLION = 1_000_000;
/** Of one agent at its worst, as JSON text. */
const AGENT_BYTES_MAX = 34 * 1_024;
/** Four events a second: a flood that lasts for three days. */
const EVERY_MS = 250;

interface Flooded {
  readonly tripsPerHour: number;
  readonly told: Readonly<Record<string, number>>;
  readonly agents: number;
  readonly largestAgent: number;
}

/** A million events, each with a name of its own, through the fold with all detectors on. */
function flooded(changeOf: (serial: number) => Partial<AccessEvent>): Flooded {
  const shard = new Shard({ registry: REGISTRY, initialPosture: 'enforce' });
  const write = new EntryWriter();
  const grant = { tenant: 'acme', agent: '*', role: 'reader' };
  shard.apply([write.term(1), write.grant('acme', [grant], START)]);
  const told: Record<string, number> = {};
  let trips = 0;
  for (let serial = 0; serial < MILLION; serial += 1) {
    const time = START + serial * EVERY_MS;
    const event = { id: `e-${serial}`, time, session: { id: 's-1' }, ...changeOf(serial) };
    for (const { kind, decision } of shard.apply([write.input(event, time)])) {
      if (kind === 'finding') told[decision.detector] = (told[decision.detector] ?? 0) + 1;
      else if (kind === 'transition' && decision.to === 'open') trips += 1;
    }
  }
  let largestAgent = 0;
  for (const chunk of snapshot(shard)) {
    if (chunk.type !== 'agent') continue;
    largestAgent = Math.max(largestAgent, JSON.stringify(chunk).length);
  }
  const hours = (MILLION * EVERY_MS) / 3_600_000;
  const agents = shard.tenants.get('acme')?.agents.size ?? 0;
  return { tripsPerHour: trips / hours, told, agents, largestAgent };
}

const FLOODS: Readonly<Record<string, (serial: number) => Partial<AccessEvent>>> = {
  'tools of several lines': (at) => ({ action: { name: `tool_${at}\nof two lines`, op: 'write' } }),
  destinations: (at) => ({
    action: { name: 'send_email', op: 'write' },
    destinations: [{ type: 'email', value: `email:${at}`, group: `group-${at}.example` }],
  }),
  'resources, sessions and people': (at) => ({
    session: { id: `s-${at}` },
    principal: { sub: `person-${at}` },
    resource: { type: `type-${at}`, id: `id-${at}`, tenant: 'acme' },
  }),
};

describe('one agent with a million', () => {
  it.each(Object.entries(FLOODS))('%s stays within its bytes and trips no storm', (name, of) => {
    const { tripsPerHour, told, largestAgent } = flooded(of);
    expect(largestAgent).toBeLessThan(AGENT_BYTES_MAX);
    expect(tripsPerHour).toBeLessThan(10);
    const all = Object.values(told).reduce((sum, count) => sum + count, 0);
    expect(all / ((MILLION * EVERY_MS) / 3_600_000)).toBeLessThan(500);
    if (!name.startsWith('resources')) expect(told['name_flood']).toBeGreaterThan(1);
  });
});

describe('a million agents', () => {
  it('are kept within the limit, and told of', () => {
    const { agents, told } = flooded((at) => ({ agent: { id: `agent-${at}` } }));
    expect(agents).toBeLessThanOrEqual(LIMITS.agentsPerTenant + 1);
    expect(told['agent_flood']).toBeGreaterThan(0);
    expect(told['entry_failed']).toBeUndefined();
  });
});

afterAll(() => {
  const { rss } = process.memoryUsage();
  process.stdout.write(`floods: ${Math.round(rss / 2 ** 20)} MiB resident at the end\n`);
});
