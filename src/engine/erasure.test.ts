import { describe, expect, it } from 'vitest';
import { SYSTEM_TENANT } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import { obedientShard, stateText, tripInput } from '../runtime/testing/fixtures.ts';
import { Shard } from './shard.ts';
import { ShardCut } from './shard-cut.ts';
import { restore, snapshot } from './snapshot.ts';

const at = (seq: number) => ({ seq, loggedAt: 1_795_000_000_000 + seq, engineVersion: 1 });

function trip(seq: number) {
  return { ...tripInput(`e${seq}`, 4), ...at(seq), contentHash: `h${seq}` } as Parameters<
    Shard['apply']
  >[0][number];
}

function erase(seq: number, erased = 'acme', tenant = SYSTEM_TENANT) {
  const body = {
    type: 'erase_tenant',
    actor: 'ann',
    reason: 'r',
    approver: 'bob',
    erased,
  } as const;
  return { kind: 'command', tenant, body: { ...body, id: 'x' }, ...at(seq) } as const;
}

describe('a tenant that is erased', () => {
  it('leaves nothing, and begins anew behind its last epoch', () => {
    const shard = obedientShard();
    shard.apply([trip(1), trip(2)]);
    const epoch = [...(shard.tenants.get('acme')?.board.entries.values() ?? [])][0]?.state.epoch;
    expect(shard.apply([erase(9)])).toEqual([]);
    expect(shard.tenants.has('acme')).toBe(false);
    shard.apply([trip(10)]);
    const entry = [...(shard.tenants.get('acme')?.board.entries.values() ?? [])][0];
    expect(entry?.state.epoch).toBe(10);
    expect(epoch).toBeLessThan(9);
    expect(shard.tenants.get('acme')?.board.feedSeq).toBe(10);
  });

  it('is remembered by a snapshot', () => {
    const shard = obedientShard();
    shard.apply([trip(1), erase(2)]);
    const restored = new Shard({ registry: shard.registry, initialPosture: 'enforce' });
    restore(restored, snapshot(shard));
    expect(stateText(restored)).toEqual(stateText(shard));
    expect(restored.erased.get('acme')).toBe(2);
  });

  it('is left out of a snapshot that is being taken', () => {
    const shard = obedientShard();
    shard.apply([trip(1)]);
    const lines = new ShardCut(shard).lines();
    lines.next();
    shard.apply([erase(2)]);
    const rest = [...lines];
    expect(rest.filter(({ tenant }) => tenant === 'acme')).toEqual([]);
  });

  it('is erased by the process alone, not by an order in a log of a tenant', () => {
    const shard = obedientShard();
    shard.apply([trip(1), erase(2, 'acme', 'globex')]);
    expect(shard.tenants.has('acme')).toBe(true);
  });

  it('is forgotten once very many others were', () => {
    const shard = obedientShard();
    const many = LIMITS.erasedTenants + 1;
    shard.apply(Array.from({ length: many }, (_, i) => erase(i + 1, `t${i}`)));
    expect(shard.erased.size).toBe(LIMITS.erasedTenants);
    expect(shard.erased.has('t0')).toBe(false);
  });
});
