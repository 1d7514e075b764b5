import { expect, it } from 'vitest';
import { TripcoilError } from '../../core/errors.ts';
import type { AuthenticationQuery, Store } from '../../ports/store.ts';
import { batchOf, START_MS, storedEvent } from './rows.ts';

/** How every store lists authentications. */
export function authenticationRules(store: () => Store): void {
  const at = (id: string, ms: number, more: object = {}) =>
    storedEvent({ id, kind: 'authentication', time: START_MS + ms, ...more });

  it('pages authentications newest first, each exactly once and nothing else', async () => {
    // Three to a millisecond, so that a page ends inside one; every fifth is no authentication.
    const events = Array.from({ length: 25 }, (_, n) =>
      at(`e-${n}`, Math.floor(n / 3), n % 5 === 4 ? { kind: 'tool_call' } : {}),
    );
    await store().project(batchOf(1, events));
    await store().project(batchOf(1, events));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { tenants: ['acme'], limit: 3, ...(cursor ? { cursor } : {}) };
      const page = await store().authentications(query);
      expect(page.rows.length).toBeLessThanOrEqual(3);
      seen.push(...page.rows.map(({ event }) => event.id));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    const signIns = events.filter(({ kind }) => kind === 'authentication');
    expect(seen).toEqual(signIns.map(({ id }) => id).reverse());
  });

  it('narrows authentications by tenant, caller, outcome and time', async () => {
    const denied = { outcome: { status: 'denied' } };
    await store().project(
      batchOf(1, [
        at('a', 0),
        at('b', 10.5, denied),
        at('c', 20, { ...denied, agent: { id: 'sub' } }),
        at('d', 30, { tenant: { id: 'globex' } }),
        at('e', 40, { kind: 'tool_call' }),
      ]),
    );
    const ids = async (query: Partial<AuthenticationQuery>) => {
      const { rows } = await store().authentications({ tenants: '*', limit: 10, ...query });
      return rows.map(({ event }) => event.id).join('');
    };
    expect(await ids({})).toBe('dcba');
    expect(await ids({ tenants: ['acme'] })).toBe('cba');
    expect(await ids({ tenants: [] })).toBe('');
    expect(await ids({ without: 'globex' })).toBe('cba');
    expect(await ids({ agent: 'sub' })).toBe('c');
    expect(await ids({ outcome: 'denied' })).toBe('cb');
    expect(await ids({ outcome: 'failure' })).toBe('');
    expect(await ids({ since: START_MS + 10, until: START_MS + 20 })).toBe('b');
    const page = store().authentications({ tenants: '*', limit: 1, cursor: 'nonsense' });
    await expect(page).rejects.toBeInstanceOf(TripcoilError);
  });
}
