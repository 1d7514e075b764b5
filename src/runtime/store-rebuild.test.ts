import { describe, expect, it } from 'vitest';
import { ENGINE_VERSION } from '../core/entry.ts';
import type { Ledger, SequencedEntry } from '../ports/ledger.ts';
import { SILENT_LOG } from '../ports/log.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import type { ProjectionBatch, Store } from '../ports/store.ts';
import { createMemoryStore } from '../store/memory/memory-store.ts';
import { RebuildingStore } from '../store/rebuilding-store.ts';
import { decodeEntry } from './entries.ts';
import { projectionOf } from './projector.ts';
import { StoreRebuilder } from './store-rebuild.ts';

const ORDER = { actor: 'kim', reason: 'test' };

function finding(seq: number): SequencedEntry {
  const decision = {
    ...{ id: `${seq}-0`, time: seq, tenant: 'acme', agent: 'bot', eventId: `e${seq}` },
    ...{ chain: '', detector: 'd', score: 1, level: 'low', title: 't' },
  };
  const body = JSON.stringify({ inputSeq: seq, ordinal: 0, decision });
  return {
    ...{ seq, loggedAt: seq, kind: 'finding', tenant: 'acme', engineVersion: ENGINE_VERSION },
    body,
  };
}

const batchOf = (entries: readonly SequencedEntry[]): ProjectionBatch =>
  projectionOf(entries.map(decodeEntry)) ?? expect.fail('entries make a batch');

/** A ledger of findings, its store, and what rebuilds it; `between` runs inside the rebuild. */
function site(between: (state: { count: number; store: RebuildingStore }) => Promise<void>) {
  const state = { count: 2_500, store: new RebuildingStore(createMemoryStore()) };
  let meanwhile = false;
  const made: Store[] = [];
  const adopted: number[] = [];
  const ledger: Pick<Ledger, 'head' | 'read'> = {
    get head() {
      return { seq: state.count, hash: '', loggedAt: 0 };
    },
    async *read(from) {
      for (let seq = from; seq <= state.count; seq += 500) {
        // The entries 700 to 800 are erased.
        yield Array.from({ length: 500 }, (_, i) => finding(seq + i)).filter(
          (entry) => entry.seq < 700 || entry.seq > 800,
        );
        if (seq === 1 && !meanwhile) {
          meanwhile = true;
          await between(state);
        }
      }
    },
  };
  const rebuilder = new StoreRebuilder({
    ...{ ledger: ledger as Ledger, target: state.store, partition: { append: async () => {} } },
    openFresh: async () => {
      const store = createMemoryStore();
      made.push(store);
      const adopt = async () => void adopted.push(made.length);
      return { store, adopt, discard: async () => void made.pop() };
    },
    redactText: (_, text) => text,
    clock: { now: () => 5, monotonicMs: () => 0, sleep: async () => {} },
    ...{ log: SILENT_LOG, metrics: SILENT_METRICS },
  });
  return { state, rebuilder, made, adopted };
}

async function idsOf(store: Store): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const more: { readonly cursor?: string } = cursor === '' ? {} : { cursor };
    const page = await store.findings({ tenants: '*', limit: 500, ...more });
    ids.push(...page.rows.map(({ id }) => id));
    cursor = page.next;
  }
  return ids;
}

describe('a rebuild of the store', () => {
  it('has everything, also what came meanwhile, and takes over at once', async () => {
    const { state, rebuilder, made, adopted } = site(async ({ store }) => {
      await store.project(batchOf([finding(2_501), finding(2_502)]));
      await store.erase('acme', ['"id":"3-0"'], 2_600);
      state.count = 2_502;
      // Until then it answers as before.
      expect(await idsOf(store)).toHaveLength(2_501);
      expect(rebuilder.progress()).toMatchObject({ of: 2_500, startedAt: 5 });
      await expect(rebuilder.start(ORDER)).rejects.toMatchObject({ code: 'conflict' });
    });
    await state.store.project(batchOf(Array.from({ length: 2_500 }, (_, i) => finding(i + 1))));
    expect(await rebuilder.start(ORDER)).toEqual({ seq: 0, of: 2_500, startedAt: 5 });
    await rebuilder.idle();
    expect(rebuilder.progress()).toBeNull();
    expect(adopted).toEqual([1]);
    expect(await state.store.projectedSeq()).toBe(2_502);
    const ids = await idsOf(state.store);
    expect(ids).toHaveLength(2_502 - 101 - 1);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain('3-0');
    expect(await idsOf(made[0] ?? expect.fail('one was made'))).toEqual(ids);
    // And again.
    await rebuilder.start(ORDER);
    await rebuilder.idle();
    expect(adopted).toEqual([1, 2]);
    expect(await idsOf(state.store)).toHaveLength(2_502 - 101);
  });

  it('leaves the old store where it fails, and can be begun again', async () => {
    const { state, rebuilder, made, adopted } = site(async () => {
      throw new Error('disk');
    });
    await state.store.project(batchOf(Array.from({ length: 2_500 }, (_, i) => finding(i + 1))));
    await rebuilder.start(ORDER);
    await rebuilder.idle();
    expect([made.length, adopted]).toEqual([0, []]);
    expect(await idsOf(state.store)).toHaveLength(2_500);
    await rebuilder.start(ORDER);
    await rebuilder.idle();
    expect(adopted).toEqual([1]);
    expect(await idsOf(state.store)).toHaveLength(2_500 - 101);
  });
});
