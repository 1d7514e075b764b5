import { describe, expect, it } from 'vitest';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { SILENT_LOG } from '../ports/log.ts';
import type { UnplacedRecord } from './entries.ts';
import { EvidenceViewRecord } from './evidence-views.ts';

const kim = { name: 'kim', roles: ['viewer'], tenants: '*', trust: 'agent' } as const;
const lee = { ...kim, name: 'lee' };
const chain = { tenant: 'acme', kind: 'chain', id: 'txn:1' } as const;

class Place {
  now = 1_000;
  refuses = false;
  readonly recorded: UnplacedRecord[] = [];
  readonly views = new EvidenceViewRecord({
    append: async (entries) => {
      if (this.refuses) throw new TripcoilError('storage_unavailable', 'full');
      this.recorded.push(...entries);
    },
    clock: { now: () => this.now, monotonicMs: () => this.now, sleep: async () => {} },
    log: SILENT_LOG,
    redact: (_tenant, text) => text.replace('kim@example.com', '[EMAIL]'),
  });

  async settled(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('looks at evidence', () => {
  it('are recorded once in a window for each who looks and each thing', async () => {
    const place = new Place();
    for (let refresh = 0; refresh < 3; refresh += 1) place.views.saw(kim, chain);
    place.views.saw(lee, chain);
    place.views.saw(kim, { ...chain, tenant: 'globex' });
    place.now += LIMITS.viewWindowMs;
    place.views.saw(kim, chain);
    await place.settled();
    expect(place.recorded.map(({ tenant, body }) => `${tenant} ${body['actor']}`)).toEqual([
      ...['acme kim', 'acme lee', 'globex kim', 'acme kim'],
    ]);
    expect(place.recorded[0]).toMatchObject({
      kind: 'view',
      body: { type: 'evidence_viewed', of: 'chain', id: 'txn:1', at: 1_000 },
    });
  });

  it('are recorded without what somebody typed to find it', async () => {
    const place = new Place();
    place.views.saw(kim, { ...chain, id: 'session:kim@example.com' });
    await place.settled();
    expect(JSON.stringify(place.recorded)).not.toContain('kim@example.com');
    expect(place.views.latest('*', 1)).toMatchObject([{ id: 'session:[EMAIL]' }]);
  });

  it('lists the latest of the tenants asked for, newest first', async () => {
    const place = new Place();
    for (const id of ['a', 'b', 'c']) place.views.saw(kim, { ...chain, id });
    place.views.saw(kim, { ...chain, tenant: 'globex', id: 'd' });
    await place.settled();
    expect(place.views.latest(['acme'], 2).map(({ id }) => id)).toEqual(['c', 'b']);
    expect(place.views.latest('*', 9)).toHaveLength(4);
  });

  it('are recorded when they come again, where the disk refused them', async () => {
    const place = new Place();
    place.refuses = true;
    place.views.saw(kim, chain);
    await place.settled();
    expect(place.views.latest('*', 9)).toEqual([]);
    place.refuses = false;
    place.views.saw(kim, chain);
    await place.settled();
    expect(place.recorded).toHaveLength(1);
  });

  it('are remembered within a bound', async () => {
    const place = new Place();
    for (let id = 0; id < LIMITS.viewsNoted + 5; id += 1) {
      place.views.saw(kim, { ...chain, id: String(id) });
    }
    // The first was forgotten for the last, and counts anew.
    place.views.saw(kim, { ...chain, id: '0' });
    place.views.saw(kim, { ...chain, id: String(LIMITS.viewsNoted) });
    await place.settled();
    expect(place.recorded).toHaveLength(LIMITS.viewsNoted + 6);
    expect(place.views.latest('*', LIMITS.viewsNoted)).toHaveLength(LIMITS.viewsListed);
  });
});
