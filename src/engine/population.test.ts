import { beforeAll, describe, expect, it } from 'vitest';
import type { AccessEvent } from '../core/access-event.ts';
import type { Effect } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import { HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { OTHER_AGENTS } from './population.ts';
import { Shard } from './shard.ts';
import { restore, snapshot } from './snapshot.ts';
import { createAgent } from './tenant-state.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

const LATER = START + 2 * HOUR_MS;
const OPTIONS = { registry: { detectors: [OBEDIENT] }, initialPosture: 'enforce' } as const;

function findings(effects: readonly Effect[]): readonly string[] {
  return effects.flatMap((effect) => (effect.kind === 'finding' ? effect.decision.detector : []));
}

/** A tenant full of agents that were heard of at `at`, behind those that `first` brought. */
function full(at: number, first: readonly (Partial<AccessEvent> & { readonly id: string })[] = []) {
  const shard = new Shard(OPTIONS);
  const write = new EntryWriter();
  shard.apply([write.grant('acme', [{ tenant: 'acme', agent: 'registered' }])]);
  shard.apply(first.map((event) => write.input(event)));
  const { agents } = shard.tenant('acme');
  for (let n = agents.size; n < LIMITS.agentsPerTenant; n += 1) {
    agents.set(`idle-${n}`, createAgent(at, at, true));
  }
  const see = (id: string, more: Partial<AccessEvent> = {}, loggedAt = LATER) =>
    shard.apply([
      write.input({ id: `e-${id}-${loggedAt}`, time: loggedAt, agent: { id }, ...more }, loggedAt),
    ]);
  return { shard, write, agents, see };
}

describe('a full tenant', () => {
  const agent = (id: string) => ({ id: `first-${id}`, agent: { id } });
  const own = { source: { format: 'x', deliveredBy: 'x', trust: 'agent' } } as const;
  let tenant: ReturnType<typeof full>;
  beforeAll(() => {
    tenant = full(START, [
      agent('registered'),
      { ...agent('tripped'), attrs: { trip: 2, score: 10 } },
      {
        ...agent('in session'),
        session: { id: 's' },
        attrs: { trip: 2, key: 'session', score: 1 },
      },
      agent('busy'),
      agent('calm'),
    ]);
    tenant.see('busy');
    // A step-up would cool down meanwhile.
    for (const { key } of [...tenant.shard.tenant('acme').board.entries.values()]) {
      const hold = { type: 'trip', actor: 'kim', reason: 'x', level: 4, key } as const;
      tenant.shard.apply([tenant.write.command('acme', hold)]);
    }
  });

  it('forgets the one idle for longest that is calm, unregistered and free', () => {
    expect(findings(tenant.see('new'))).toEqual(['agent_flood']);
    expect(tenant.agents.has('new')).toBe(true);
    expect(tenant.agents.has('calm')).toBe(false);
    const kept = ['registered', 'tripped', 'in session', 'busy'];
    expect(kept.filter((id) => !tenant.agents.has(id))).toEqual([]);
    expect(tenant.agents.size).toBe(LIMITS.agentsPerTenant);
  });

  it('forgets no vouched agent for one that nobody vouches for, and says so', () => {
    expect(findings(tenant.see('self-made', own))).toEqual(['agent_flood']);
    expect(tenant.agents.has('self-made')).toBe(false);
  });

  it('forgets one that nobody vouches for, for anybody', () => {
    const ghost = full(START, [{ ...agent('ghost'), ...own }]);
    ghost.see('self-made', own);
    expect([ghost.agents.has('ghost'), ghost.agents.has('self-made')]).toEqual([false, true]);
  });
});

describe('a tenant full of agents at work', () => {
  it('shows others as not judged, and tells of it once an hour', () => {
    const { see, shard, agents } = full(LATER - MINUTE_MS);
    expect(findings(see('new', { attrs: { trip: 5 } }))).toEqual(['agent_flood']);
    expect(findings(see('other', { attrs: { trip: 5 } }))).toEqual([]);
    expect(shard.tenant('acme').unjudged.agents).toBe(2);
    expect(agents.get(OTHER_AGENTS)).toMatchObject({
      calls: 2,
      memory: { coverage: { obedient: { field: 'agent.id' } } },
    });
    expect(agents.size).toBe(LIMITS.agentsPerTenant + 1);
    const { unjudged, notices } = shard.tenant('acme');
    agents.clear();
    const twin = new Shard(OPTIONS);
    restore(twin, JSON.parse(JSON.stringify([...snapshot(shard)])));
    expect(twin.tenant('acme')).toMatchObject({ unjudged, notices });
  });
});

describe('the line of agents', () => {
  it('is by when they were heard of, whatever their clocks say', () => {
    const { shard, write, agents } = full(START);
    agents.clear();
    const at = (id: string, minute: number, time = START) =>
      write.input({ id: `${id}-${minute}`, agent: { id }, time }, START + minute * MINUTE_MS);
    shard.apply([at('a', 0, START + 10 * MINUTE_MS), at('b', 1), at('c', 2), at('a', 3)]);
    expect([...agents.keys()]).toEqual(['b', 'c', 'a']);
  });
});

describe('more tenants than are kept', () => {
  it('share the bucket of the unknown, where nothing trips; orders still find a place', () => {
    const shard = new Shard(OPTIONS);
    const write = new EntryWriter();
    const from = (tenant: string, level = 5) =>
      shard.apply([
        write.input({ id: `e-${tenant}`, tenant: { id: tenant }, attrs: { trip: level } }),
      ]);
    for (let n = 0; n < LIMITS.tenants; n += 1) from(`t-${n}`, 0);
    expect(findings(from('beyond'))).toEqual(['tenant_flood', 'obedient']);
    expect(findings(from('further'))).toEqual(['obedient']);
    expect(shard.tenants.has('beyond')).toBe(false);
    const unknown = shard.tenant('_unknown');
    expect(unknown.unjudged.tenants).toBe(2);
    expect(unknown.board.entries.size).toBe(0);
    const key = { tenant: 'named', kind: 'agent', id: 'bot' } as const;
    const trip = { type: 'trip', actor: 'kim', reason: 'x', level: 4, key } as const;
    const effects = shard.apply([write.command('named', trip)]);
    expect(effects.map(({ kind }) => kind)).toEqual(['transition', 'revocation']);
    for (let n = 0; n < 2 * LIMITS.tenantsForPeople; n += 1)
      shard.apply([write.grant(`g-${n}`, [])]);
    expect(shard.tenants.size).toBeLessThanOrEqual(LIMITS.tenants + LIMITS.tenantsForPeople + 1);
    expect(shard.tenant('_unknown').grants.agents).toEqual([]);
  });
});
