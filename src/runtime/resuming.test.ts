import { describe, expect, it } from 'vitest';
import { breakerKeyText } from '../core/breaker.ts';
import type { BreakerOrder } from '../core/breaker-order.ts';
import { LIMITS } from '../core/limits.ts';
import type { BoardState } from '../engine/breaker/board.ts';
import { Resuming } from './resuming.ts';
import { settled } from './testing/fake-clock.ts';
import { orderOf } from './testing/fixtures.ts';

/** As much of a board as standing orders are read from. */
function boardOf(orders: readonly BreakerOrder[]): BoardState {
  const named = orders.map((order) => [breakerKeyText(order.key), order] as const);
  const entries = named.map(([text, { epoch }]) => {
    return [text, { state: { epoch }, revocation: null, acknowledgedBy: [] }] as const;
  });
  return { orders: new Map(named), entries: new Map(entries) } as unknown as BoardState;
}

function ordersOf(tenant: string, levels: readonly (1 | 4)[]): readonly BreakerOrder[] {
  return levels.map((level, n) => {
    return orderOf({ key: { tenant, kind: 'agent', id: `${tenant}-${n}` }, level });
  });
}

function started(...boards: readonly (readonly [string, readonly BreakerOrder[]])[]) {
  const tenants = new Map(boards.map(([tenant, orders]) => [tenant, { board: boardOf(orders) }]));
  const sent: string[] = [];
  const pauses: (() => void)[] = [];
  const resuming = new Resuming({
    tenants: () => tenants,
    send: ({ order }, to) => sent.push(`${order.key.id} ${[...to].join(',')}`),
    pause: () => new Promise<void>((resolve) => pauses.push(resolve)),
  });
  return { resuming, tenants, sent, pauses };
}

const ALL = { name: 'all', tenants: '*' } as const;

describe('resuming', () => {
  it('sends what revokes first, and lets tenants take turns', async () => {
    const { resuming, sent } = started(
      ['acme', ordersOf('acme', [1, 4, 4])],
      ['globex', ordersOf('globex', [4, 1, 4])],
    );
    resuming.resume([ALL]);
    await settled();
    expect(sent.map((line) => line.split(' ')[0])).toEqual([
      ...['globex-0', 'acme-1', 'acme-2', 'globex-2'],
      ...['acme-0', 'globex-1'],
    ]);
  });

  it('serves one receiver from its own tenants, and from those of the process', async () => {
    const { resuming, sent } = started(
      ['acme', ordersOf('acme', [4])],
      ['globex', ordersOf('globex', [4])],
      ['_system', ordersOf('_system', [4])],
    );
    resuming.resume([{ name: 'ours', tenants: ['globex'] }]);
    await settled();
    expect(sent).toEqual(['globex-0 ours', '_system-0 ours']);
  });

  it('gives up the thread between slices, and serves together who asks meanwhile', async () => {
    const many = ordersOf('acme', Array(LIMITS.resumedAtOnce + 1).fill(4));
    const { resuming, sent, pauses } = started(['acme', many]);
    resuming.resume([{ name: 'first', tenants: ['acme'] }]);
    expect(sent).toHaveLength(LIMITS.resumedAtOnce);
    resuming.resume([{ name: 'second', tenants: ['acme'] }]);
    resuming.resume([{ name: 'third', tenants: ['acme'] }]);
    expect(sent).toHaveLength(LIMITS.resumedAtOnce);
    while (pauses.length > 0) {
      pauses.shift()?.();
      await settled();
    }
    expect(sent).toHaveLength(2 * many.length);
    expect(sent.at(-1)).toBe(`acme-${many.length - 1} second,third`);
  });

  it('sends nothing more of a tenant that is erased meanwhile', async () => {
    const many = ordersOf('acme', Array(LIMITS.resumedAtOnce + 1).fill(4));
    const { resuming, tenants, sent, pauses } = started(['acme', many]);
    resuming.resume([ALL]);
    tenants.delete('acme');
    pauses.shift()?.();
    await settled();
    expect(sent).toHaveLength(LIMITS.resumedAtOnce);
  });
});
