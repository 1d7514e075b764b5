import { describe, expect, it } from 'vitest';
import { storeConformance } from '../testing/conformance.ts';
import { batchOf, storedEvent, storedFinding } from '../testing/rows.ts';
import { createMemoryStore } from './memory-store.ts';

describe('memory store', () => {
  storeConformance(async () => createMemoryStore());

  it('forgets the oldest rows at its limits', async () => {
    const store = createMemoryStore({ limits: { events: 2, findings: 1, transitions: 1 } });
    const events = [1, 2, 3].map((n) => storedEvent({ id: `evt-${n}`, session: { id: 's-1' } }));
    await store.project(
      batchOf(1, events, {
        findings: [
          { seq: 4, finding: storedFinding({ id: 'old' }) },
          { seq: 5, finding: storedFinding({ id: 'new' }) },
        ],
      }),
    );
    expect((await store.chain('*', 's-1', 10)).rows.map(({ seq }) => seq)).toEqual([2, 3]);
    expect((await store.findings({ tenants: '*', limit: 9 })).rows.map(({ id }) => id)).toEqual([
      'new',
    ]);
    expect(await store.projectedSeq()).toBe(5);
  });

  it('is unhealthy once closed', async () => {
    const store = createMemoryStore();
    await store.close();
    expect(store.healthy()).toBe(false);
  });
});
