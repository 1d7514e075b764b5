import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../../core/access-event.ts';
import { type ChainLink, chainIdOf } from '../../core/chain.ts';
import type { Effect } from '../../core/entry.ts';
import { LIMITS } from '../../core/limits.ts';
import { MINUTE_MS } from '../../core/time.ts';
import { Shard } from '../shard.ts';
import { restore, snapshot } from '../snapshot.ts';
import { EntryWriter, eventOf, START } from '../testing/entries.ts';
import { assignChain, createChainIndex } from './chain-index.ts';
import { peek } from './chain-keys.ts';
import { holdStep, settleExecutions } from './held-steps.ts';

const CALL = 'toolu_01A09q90qw90lq917835lq9';
const call = { name: 'read_thing', op: 'read', toolCallId: CALL } as const;
const decision = { verdict: 'allow', id: 'd-1' } as const;

function shard(): Shard {
  return new Shard({ registry: { detectors: [] }, initialPosture: 'enforce' });
}

function links(effects: readonly Effect[]): readonly ChainLink[] {
  return effects.flatMap((effect) => (effect.kind === 'chain' ? [effect.decision] : []));
}

function pairs(effects: readonly Effect[]): readonly string[] {
  return links(effects).map(({ type, alias, chain, by }) => `${type} ${alias} ${chain} ${by}`);
}

describe('chains', () => {
  it('joins two chains by the record that belongs to both, under the older id', () => {
    const engine = shard();
    const write = new EntryWriter();
    const effects = engine.apply([
      write.input({ id: 'span', trace: { traceId: 't-1' } }),
      write.input({ id: 'pdp', kind: 'authz_decision', decision }),
      write.input({ id: 'gateway', trace: { traceId: 't-1' }, decision, token: { txn: 'x-1' } }),
    ]);
    expect(pairs(effects)).toEqual(['joined x-1 t-1 trace', 'joined decision:d-1 t-1 decision']);
    const later = engine.apply([write.input({ id: 'late', token: { txn: 'x-1' } })]);
    expect(pairs(later)).toEqual([]);
  });

  it('joins records that share a random tool call id, and none that share a counted one', () => {
    const engine = shard();
    const write = new EntryWriter();
    const counted = { ...call, toolCallId: 'call_1' };
    const effects = engine.apply([
      write.input({ id: 'a', trace: { traceId: 't-1' }, action: call }),
      write.input({ id: 'b', action: call, session: { id: 's' } }),
      write.input({ id: 'c', trace: { traceId: 't-2' }, action: counted }),
      write.input({ id: 'd', trace: { traceId: 't-3' }, action: counted }),
      write.input({ id: 'e', action: counted }),
    ]);
    expect(pairs(effects)).toEqual([`joined ${chainIdOf(eventOf({ id: 'b' }))} t-1 call`]);
  });

  it('lets a key join only so many chains, and says so once', () => {
    const engine = shard();
    const write = new EntryWriter();
    const requestId = 'req-constant-4711-0815';
    const count = LIMITS.chainJoinsPerKey + 10;
    const effects = engine.apply(
      Array.from({ length: count }, (_, n) =>
        write.input({ id: `e-${n}`, trace: { traceId: `t-${n}`, requestId } }),
      ),
    );
    expect(links(effects).filter(({ type }) => type === 'joined')).toHaveLength(
      LIMITS.chainJoinsPerKey,
    );
    expect(links(effects).filter(({ type }) => type === 'shared')).toMatchObject([
      { alias: `request:${requestId}`, by: 'request', key: requestId },
    ]);
  });

  it('joins a linked trace, whichever of the two is told of first', () => {
    const linked = { id: 'child', trace: { traceId: 't-2', links: [{ traceId: 't-1' }] } };
    const parent = { id: 'parent', trace: { traceId: 't-1' } };
    const told = (events: readonly Partial<AccessEvent>[]) => {
      const write = new EntryWriter();
      const inputs = events.map((event) => write.input(event as { id: string }));
      return pairs(shard().apply(inputs));
    };
    expect(told([parent, linked])).toEqual(['joined t-2 t-1 trace']);
    expect(told([linked, parent])).toEqual(['joined t-1 t-2 trace']);
    expect(told([linked, linked, parent, parent])).toEqual(['joined t-1 t-2 trace']);
  });

  it('joins the request that it was delegated from, where more than an agent says so', () => {
    const parent = { txn: 'x-1', jti: 'j-1', traceId: 't-1' };
    const records = (trust: 'agent' | 'broker') => {
      const write = new EntryWriter();
      const source = { format: 'native', deliveredBy: 'sts', trust };
      const exchange = { kind: 'token_issue', token: { jti: 'j-2' }, parent, source } as const;
      const told = [
        write.input({ id: 'use', token: { jti: 'j-1' } }),
        write.input({ id: 'exchange', ...exchange }),
        write.input({ id: 'span', trace: { traceId: 't-1' } }),
        write.input({
          id: 'hand-over',
          kind: 'delegation',
          session: { id: 's-9' },
          parent,
          source,
        }),
      ];
      return pairs(shard().apply(told));
    };
    expect(records('agent')).toEqual([]);
    expect(records('broker')).toEqual([
      'joined jti:j-2 jti:j-1 jti',
      'joined t-1 jti:j-1 trace',
      'joined session:s-9 jti:j-1 txn',
    ]);
  });

  it('lets a trace declare only so many others, in either order, and a batch none', () => {
    const write = new EntryWriter();
    const hub = (n: number) => ({
      id: `hub-${n}`,
      trace: { traceId: 'hub', links: [{ traceId: `t-${n}` }] },
    });
    const own = (n: number) => ({ id: `own-${n}`, trace: { traceId: `t-${n}` } });
    const many = Array.from({ length: LIMITS.chainJoinsPerTrace + 20 }, (_, n) => n);
    for (const of of [
      [hub, own],
      [own, hub],
    ]) {
      const inputs = of.flatMap((make) => many.map((n) => write.input(make(n))));
      const told = links(shard().apply(inputs));
      expect(told.filter(({ type }) => type === 'joined')).toHaveLength(LIMITS.chainJoinsPerTrace);
      expect(told.filter(({ type }) => type === 'shared')).toMatchObject([{ key: 'hub' }]);
    }
    const batch = Array.from({ length: LIMITS.chainLinksPerEvent + 1 }, (_, n) => n);
    const consumed = { traceId: 'c', links: batch.map((n) => ({ traceId: `t-${n}` })) };
    const inputs = [...batch.map(own), { id: 'batch', trace: consumed }];
    expect(pairs(shard().apply(inputs.map((event) => write.input(event))))).toEqual([]);
  });

  it('knows nothing of another tenant', () => {
    const engine = shard();
    const write = new EntryWriter();
    const globex = { tenant: { id: 'globex' } };
    const effects = engine.apply([
      write.input({ id: 'a', trace: { traceId: 't-1' }, decision }),
      write.input({ id: 'b', ...globex, trace: { traceId: 't-9' }, decision }),
    ]);
    expect(pairs(effects)).toEqual([]);
  });

  it('leaves a resent record and the history out', () => {
    const engine = shard();
    const write = new EntryWriter();
    const sent = { id: 'a', trace: { traceId: 't-1' } };
    engine.apply([write.input(sent), write.input(sent)]);
    engine.apply([write.input({ id: 'h', decision, history: true })]);
    const chains = engine.tenants.get('acme')?.chains;
    expect(chains?.young.keys.count).toBe(1);
    expect(chains && peek(chains, 'trace', 't-1')).not.toBeNull();
    expect(chains && peek(chains, 'decision', decision.id)).toBeNull();
  });

  it('forgets keys by number and by time, and keeps what is in use', () => {
    const index = createChainIndex();
    const write = new EntryWriter();
    const tell = (): void => {};
    const { body } = write.input({ id: 'a' });
    const see = (id: string, traceId: string, loggedAt: number) =>
      assignChain(index, { ...body, id, trace: { traceId } }, { seq: 1, loggedAt }, tell);
    const used = see('a', 'used', START);
    for (let n = 0; n < 2 * LIMITS.chainKeys; n += 1) {
      see(`e-${n}`, `t-${n}`, START);
      if (n % 1_000 === 0) expect(see('again', 'used', START)).toBe(used);
    }
    const held = index.young.keys.count + index.old.keys.count;
    expect(held).toBeLessThanOrEqual(LIMITS.chainKeys);
    see('b', 'b', START + LIMITS.chainRetentionMs);
    see('c', 'c', START + 2 * LIMITS.chainRetentionMs);
    expect([index.old.keys.count, index.young.keys.count]).toEqual([1, 1]);
    expect(peek(index, 'trace', 'used')).toBeNull();
    expect(['b', 'c'].map((id) => peek(index, 'trace', id)?.id)).toEqual(['b', 'c']);
  });

  it('goes on after a snapshot as without one', () => {
    const write = new EntryWriter();
    const before = [
      write.input({ id: 'pdp', kind: 'authz_decision', decision }),
      write.input({ id: 'a', trace: { traceId: 't-1' } }),
      write.input({ id: 'b', trace: { traceId: 't-2' }, action: call }),
      write.input({ id: 'c', trace: { traceId: 't-1' }, action: call }),
    ];
    const after = [
      write.input({ id: 'd', trace: { traceId: 't-2' }, decision }, START + MINUTE_MS),
      write.input({ id: 'e', kind: 'authz_decision' }, START + 20 * MINUTE_MS),
    ];
    const whole = shard();
    whole.apply(before);
    const restored = shard();
    restore(restored, JSON.parse(JSON.stringify([...snapshot(whole)])));
    expect([...snapshot(restored)]).toEqual([...snapshot(whole)]);
    expect(restored.apply(after)).toEqual(whole.apply(after));
    const asked = (engine: Shard) =>
      settleExecutions(engine.tenant('acme').chains, START + 10 * MINUTE_MS);
    expect(asked(restored)).toEqual(asked(whole));
  });
});

describe('executions without decision', () => {
  const pdp = (id: string, time: number, more: Partial<AccessEvent> = {}) =>
    ({ id, time, kind: 'authz_decision', source: PDP, ...more }) as const;
  const PDP = { format: 'opa', deliveredBy: 'opa', trust: 'pdp' } as const;
  const trace = { traceId: 't-1' };

  it('are told after the grace, once the source of decisions told of later times', () => {
    const engine = shard();
    const write = new EntryWriter();
    const { chains } = engine.tenant('acme');
    const undecided = (logTime: number) =>
      settleExecutions(chains, logTime).map(({ execution }) => execution.eventId);
    const due = START + LIMITS.decisionGraceMs + 2;
    engine.apply([
      write.input(pdp('first', START - 1)),
      write.input({ id: 'ran', trace, time: START }),
    ]);
    expect(undecided(due)).toEqual([]);
    engine.apply([write.input(pdp('next', START + 1), START + 1)]);
    expect(undecided(START + LIMITS.decisionGraceMs)).toEqual([]);
    expect(undecided(due)).toEqual(['ran']);
    expect(undecided(due)).toEqual([]);
  });

  it('are not told where the decision came late', () => {
    const engine = shard();
    const write = new EntryWriter();
    engine.apply([
      write.input(pdp('first', START - 1)),
      write.input({ id: 'ran', trace, time: START }),
      write.input(pdp('next', START + 1), START + 1),
      write.input(pdp('late', START - 1, { trace, decision }), START + 5),
    ]);
    const due = START + LIMITS.decisionGraceMs + 2;
    expect(settleExecutions(engine.tenant('acme').chains, due)).toEqual([]);
  });

  it('are never told where no source of decisions was heard before', () => {
    const engine = shard();
    const write = new EntryWriter();
    const { chains } = engine.tenant('acme');
    engine.apply([write.input({ id: 'ran', trace, time: START - MINUTE_MS })]);
    expect(settleExecutions(chains, START + 60 * MINUTE_MS)).toEqual([]);
    engine.apply([write.input(pdp('first', START)), write.input(pdp('later', START + MINUTE_MS))]);
    engine.apply([write.input({ id: 'early', trace, time: START - 1 })]);
    expect(settleExecutions(chains, START + 10 * MINUTE_MS)).toEqual([]);
  });

  it('are told after a deny too, if they succeeded', () => {
    const engine = shard();
    const write = new EntryWriter();
    const deny = { verdict: 'deny', id: 'd-1' } as const;
    engine.apply([
      write.input(pdp('deny', START, { trace, decision: deny })),
      write.input({ id: 'ran', trace, time: START }),
      write.input({
        id: 'refused',
        time: START,
        trace: { traceId: 't-2' },
        outcome: { status: 'denied' },
      }),
      write.input(pdp('later', START + 1)),
    ]);
    const due = START + LIMITS.decisionGraceMs + 1;
    const told = settleExecutions(engine.tenant('acme').chains, due);
    expect(told).toMatchObject([
      { chain: 't-1', execution: { decision: { reason: 'execution_after_deny' } } },
    ]);
  });

  it('are held within bounds', () => {
    const engine = shard();
    const write = new EntryWriter();
    engine.apply([write.input(pdp('first', START))]);
    const more = 500;
    const { chains } = engine.tenant('acme');
    const { body } = write.input({ id: 'ran' });
    for (let n = 0; n < LIMITS.chainStepsHeld + more; n += 1) {
      const chain = { id: `t-${n}`, seq: n, into: null, steps: null };
      holdStep(chains, chain, body, { seq: 10 + n, loggedAt: START });
    }
    const { held } = chains;
    expect(held.queue.size).toBe(LIMITS.chainStepsHeld);
    expect(held.overlooked).toBe(more);
    engine.apply([write.input({ id: 'later', trace }, START + 60 * MINUTE_MS)]);
    expect(held.queue.size).toBe(1);
  });
});
