import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../../core/access-event.ts';
import type { Effect, TenantConfig } from '../../core/entry.ts';
import type { Rule } from '../../core/rule.ts';
import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { Shard } from '../shard.ts';
import { restore, type SnapshotChunk, snapshot } from '../snapshot.ts';
import { EntryWriter, OBEDIENT, START } from '../testing/entries.ts';

const RULE: Rule = {
  id: 'writes',
  title: 'Writes',
  description: 'An agent writes.',
  level: 'high',
  score: 80,
  breakerLevel: 4,
  mode: 'enforce',
  key: 'agent',
  match: null,
  selections: { match: 'event.action.op == "write"' },
  correlation: null,
  evidence: [],
  runbook: null,
  dedupMs: HOUR_MS,
};
const COUNTED: Rule = {
  ...RULE,
  id: 'writes_thrice',
  correlation: {
    type: 'event_count',
    selections: ['match'],
    groupBy: ['action.name'],
    timespanMs: 10 * MINUTE_MS,
    gte: 3,
    field: null,
  },
};
const WRITE = { action: { name: 'w', op: 'write' } } as const;

function shardWith(config: Omit<TenantConfig, 'detectors'>) {
  const options = { registry: { detectors: [OBEDIENT] }, initialPosture: 'enforce' } as const;
  const shard = new Shard(options);
  const write = new EntryWriter();
  shard.apply([write.term(1), write.grant('acme', [{ tenant: 'acme', agent: '*' }])]);
  const configure = (given: Omit<TenantConfig, 'detectors'>, at = START) =>
    shard.apply([write.config('acme', { detectors: {}, ...given }, at)]);
  configure(config);
  let next = 0;
  const see = (event: Partial<AccessEvent>, at = START): readonly Effect[] => {
    next += 1;
    return shard.apply([write.input({ id: `e-${next}`, time: at, ...event }, at)]);
  };
  return { shard, options, configure, see };
}

function findings(effects: readonly Effect[]) {
  return effects.flatMap((effect) => (effect.kind === 'finding' ? [effect.decision] : []));
}

describe('a rule in the log', () => {
  it('is asked from its configuration entry on, and no longer once it is gone', () => {
    const { see, configure } = shardWith({});
    expect(see(WRITE)).toEqual([]);
    configure({ rules: [RULE] });
    expect(see(WRITE).map(({ kind }) => kind)).toEqual(['finding', 'transition', 'revocation']);
    configure({});
    expect(see({ ...WRITE, agent: { id: 'other' } })).toEqual([]);
  });

  it.each([
    ['session', { session: { id: 's' } }, { kind: 'session', id: 's', agent: 'bot' }],
    ['chain', { trace: { traceId: 't' } }, { kind: 'chain', id: 't', agent: 'bot' }],
    ['chain', { token: { txn: 'x' }, trace: { traceId: 't' } }, { kind: 'chain', id: 'x' }],
    ['token', { token: { jti: 'j' } }, { kind: 'token', id: 'j', agent: 'bot' }],
    ['tenant', {}, { kind: 'tenant', id: 'acme' }],
    ['token', {}, { kind: 'agent', id: 'bot' }],
  ] as const)('trips the %s it names, else the agent', (key, event, tripped) => {
    const { see } = shardWith({ rules: [{ ...RULE, key }] });
    const [, transition] = see({ ...WRITE, ...event });
    expect(transition?.decision).toMatchObject({ key: tripped });
  });

  it('counts the agents of a tenant together, of no other tenant, and on after a restart', () => {
    const first = shardWith({ rules: [COUNTED] });
    first.see({ ...WRITE, agent: { id: 'a' } });
    first.see({ ...WRITE, agent: { id: 'b' } });
    first.see({ ...WRITE, tenant: { id: 'globex' } });
    const chunks = JSON.parse(JSON.stringify([...snapshot(first.shard)])) as SnapshotChunk[];
    const second = new Shard(first.options);
    restore(second, chunks);
    expect([...snapshot(second)]).toEqual([...snapshot(first.shard)]);
    expect(findings(first.see({ ...WRITE, agent: { id: 'c' } }))[0]?.actual).toBe(3);
  });

  it('remembers nothing once it left the configuration', () => {
    const agentRule = { ...COUNTED, id: 'mine' };
    const { see, configure, shard } = shardWith({ rules: [COUNTED, agentRule] });
    see(WRITE);
    configure({ rules: [] });
    const tenant = shard.tenants.get('acme');
    expect(tenant?.detectors).toEqual({});
    expect(Object.keys(tenant?.agents.get('bot')?.memory.coverage ?? {})).toEqual(['obedient']);
  });

  it('shows the agents it cannot judge', () => {
    const selections = { match: 'event.volume.records > 5' };
    const { see, shard } = shardWith({ rules: [{ ...RULE, selections }] });
    see(WRITE);
    const coverage = shard.tenants.get('acme')?.agents.get('bot')?.memory.coverage;
    expect(coverage?.['writes']).toMatchObject({ field: 'volume.records' });
  });
});

describe('an exception', () => {
  const exception = {
    detector: 'writes',
    agent: 'b*',
    tool: 'w',
    owner: 'ops',
    reason: 'known',
    expires: START + 30 * MINUTE_MS,
  };

  it('tells what it covers as suppressed, without risk or trip, until it expires', () => {
    const { see, shard } = shardWith({ rules: [RULE], exceptions: [exception] });
    const held = see(WRITE);
    expect(findings(held)[0]?.decision).toEqual({
      tripped: false,
      why: 'suppressed',
      would: { key: { tenant: 'acme', kind: 'agent', id: 'bot' }, level: 4 },
    });
    expect(findings(held)[0]?.evidence.facts).toMatchObject({ exception: 'ops: known' });
    expect(held).toHaveLength(1);
    expect(shard.tenants.get('acme')?.agents.get('bot')?.risk).toEqual([]);
    expect(see(WRITE, START + MINUTE_MS)).toEqual([]);
    // Within the hour in which the same is one finding, but beyond the exception.
    expect(see(WRITE, START + 30 * MINUTE_MS)).toHaveLength(3);
  });

  it.each([
    ['another agent', { agent: { id: 'other' } }],
    ['another tool', { action: { name: 'v', op: 'write' } }],
  ] as const)('does not cover %s', (_what, event) => {
    const { see } = shardWith({ rules: [RULE], exceptions: [exception] });
    expect(see({ ...WRITE, ...event })).toHaveLength(3);
  });

  it('of a session or resource covers no event without one', () => {
    const { agent: _agent, tool: _tool, ...rest } = exception;
    for (const scope of [{ session: '*' }, { resource: '*' }]) {
      const { see } = shardWith({ rules: [RULE], exceptions: [{ ...rest, ...scope }] });
      expect(see(WRITE)).toHaveLength(3);
    }
  });

  it('covers detectors too', () => {
    const { see } = shardWith({ exceptions: [{ ...exception, detector: 'obedient' }] });
    expect(findings(see({ ...WRITE, attrs: { trip: 4 } }))[0]?.decision).toMatchObject({
      why: 'suppressed',
    });
  });
});
