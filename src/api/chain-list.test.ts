import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../core/access-event.ts';
import { type ChainLink, chainIdOf } from '../core/chain.ts';
import { LIMITS } from '../core/limits.ts';
import type { ChainHead, Store, StoredChain } from '../ports/store.ts';
import { chainList } from './chain-list.ts';
import { createHarness } from './testing/harness.ts';

const START = Date.UTC(2026, 10, 21, 9);
const PLAIN: AccessEvent = {
  v: 1,
  id: 'evt',
  time: START,
  kind: 'tool_call',
  phase: 'executed',
  source: { format: 'native', deliveredBy: 'gateway', trust: 'broker' },
  tenant: { id: 'acme' },
  agent: { id: 'bot' },
  action: { name: 'read', op: 'read' },
  outcome: { status: 'success' },
  attrs: {},
};

/** A store of chains, each of which may have several local ids; asked one local chain a page. */
function storeOf(chains: readonly (readonly Partial<AccessEvent>[])[], pageRows = 100) {
  let seq = 0;
  const stored = chains.map((events): StoredChain => {
    const rows = events.map((event) => {
      seq += 1;
      return { seq, loggedAt: START - 60_000, event: { ...PLAIN, id: `e-${seq}`, ...event } };
    });
    const [first, ...aliases] = [...new Set(rows.map(({ event }) => chainIdOf(event)))];
    const links = aliases.map((alias, n) => {
      const shown = { time: START, eventId: 'e', by: 'decision', key: 'd' } as const;
      const link: ChainLink = { type: 'joined', chain: first ?? '', alias, ...shown };
      return { seq: 1_000 + n, tenant: 'acme', link };
    });
    return { rows, links, others: [] };
  });
  const heads = new Map<string, ChainHead>();
  for (const { rows } of stored) {
    for (const { seq: firstSeq, event } of rows) {
      const chain = chainIdOf(event);
      if (heads.has(chain)) continue;
      const head = { tenant: 'acme', chain, firstTime: event.time, firstSeq };
      heads.set(chain, { ...head, cursor: String(firstSeq) });
    }
  }
  const all = [...heads.values()].sort((a, b) => b.firstTime - a.firstTime);
  let looked = 0;
  const store: Pick<Store, 'wholeChains' | 'chains'> = {
    chains: async ({ cursor, limit }) => {
      const from = all.findIndex((head) => head.cursor === cursor) + 1;
      const rows = all.slice(from, from + Math.min(limit, pageRows));
      const last = rows.at(-1);
      return { rows, next: last === undefined || last === all.at(-1) ? null : last.cursor };
    },
    wholeChains: async (locals) => {
      looked += locals.length;
      return locals.map(({ chain: id }) => {
        const isIt = ({ rows }: StoredChain) => rows.some(({ event }) => chainIdOf(event) === id);
        return stored.find(isIt) ?? { rows: [], links: [], others: [] };
      });
    },
  };
  return { store: store as Store, looked: () => looked };
}

const { view } = createHarness().options;
const later = (ms: number, event: Partial<AccessEvent>) => ({ ...event, time: START + ms });

async function everyPage(store: Store, query: Partial<Parameters<typeof chainList>[2]>) {
  const ids: string[] = [];
  let cursor: string | null | undefined;
  do {
    const asked = { tenants: '*', limit: 2, ...query, ...(cursor ? { cursor } : {}) } as const;
    const page = await chainList(store, view, asked);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== null);
  return ids;
}

describe('the list of chains', () => {
  it('has each joined chain once, at its earliest place, on whatever page', async () => {
    const chains = Array.from({ length: 7 }, (_, n) => [
      later(n, { trace: { traceId: `t-${n}` } }),
      later(n + 100, { decision: { verdict: 'allow', id: `d-${n}` } }),
    ]);
    for (const pageRows of [1, 3, 100]) {
      const { store } = storeOf(chains, pageRows);
      const ids = await everyPage(store, {});
      expect(ids).toEqual(Array.from({ length: 7 }, (_, n) => `t-${6 - n}`));
    }
  });

  it('sums a chain up', async () => {
    const principal = { sub: 'alice' };
    const { store } = storeOf([
      [
        { trace: { traceId: 't-1' }, kind: 'agent_run', principal },
        later(5, { trace: { traceId: 't-1' }, agent: { id: 'sub' } }),
      ],
    ]);
    const { items } = await chainList(store, view, { tenants: '*', limit: 10 });
    expect(items).toMatchObject([
      { id: 't-1', tenant: 'acme', agents: ['bot', 'sub'], principal: 'alice', steps: 2 },
    ]);
    expect(items[0]).toMatchObject({ actions: ['read'], executions: 1, gaps: [], pending: 0 });
  });

  it('keeps those of which some decision had the verdict', async () => {
    const decided = (id: string, verdict: 'allow' | 'deny', time: number) =>
      later(time, { trace: { traceId: id }, decision: { verdict } });
    const { store } = storeOf([
      [decided('allowed', 'allow', 0)],
      [decided('denied', 'deny', 1)],
      [decided('both', 'allow', 2), decided('both', 'deny', 3)],
      [later(4, { trace: { traceId: 'undecided' } })],
    ]);
    expect(await everyPage(store, { verdict: 'deny' })).toEqual(['both', 'denied']);
    expect(await everyPage(store, { verdict: 'challenge' })).toEqual([]);
    const { items } = await chainList(store, view, { tenants: '*', limit: 10 });
    expect(items.map(({ verdicts }) => verdicts)).toEqual([
      [],
      ['allow', 'deny'],
      ['deny'],
      ['allow'],
    ]);
  });

  it('keeps those in which something is missing, and looks at so many at most', async () => {
    const unknown = { outcome: { status: 'unknown' } } as const;
    const chains = [
      [later(1, { trace: { traceId: 'bad' }, ...unknown })],
      [
        later(0, {
          session: { id: 's' },
          action: { ...PLAIN.action, toolCallId: 'c_1' },
          ...unknown,
        }),
      ],
      ...Array.from({ length: LIMITS.chainsLookedAt }, (_, n) => [
        later(10 + n, { trace: { traceId: `t-${n}` } }),
      ]),
    ];
    const { store, looked } = storeOf(chains, 50);
    const first = await chainList(store, view, { tenants: '*', limit: 2, gap: 'any' });
    expect(first.items).toEqual([]);
    expect(looked()).toBeLessThanOrEqual(LIMITS.chainsLookedAt + 50);
    expect(first.next).not.toBeNull();
    // What still waits for its trace is not called missing.
    expect(await everyPage(store, { gap: 'any' })).toEqual(['bad']);
    expect(await everyPage(store, { gap: 'outcome_missing' })).toEqual(['bad']);
    expect(await everyPage(store, { gap: 'execution_without_decision' })).toEqual([]);
  });
});
