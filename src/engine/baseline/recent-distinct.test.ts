import { describe, expect, it } from 'vitest';
import { hashOf } from '../../core/hash.ts';
import { createRecentDistinct, meet, meetAfresh } from './recent-distinct.ts';

const hash = (name: string | number): number => hashOf(`${name}`).low;

describe('names met lately', () => {
  it('count once for as long as they come back within five minutes', () => {
    const recent = createRecentDistinct(0);
    let counted = 0;
    for (let minute = 0; minute < 600; minute += 4) counted += meet(recent, hash('crm'), minute);
    expect(counted).toBe(1);
  });

  it('count again after ten minutes of absence', () => {
    const recent = createRecentDistinct(0);
    expect(meet(recent, hash('crm'), 0)).toBe(1);
    expect(meet(recent, hash('crm'), 10)).toBe(1);
  });

  it.each([10, 100, 500])('%i different ones count as about that many', (many) => {
    const recent = createRecentDistinct(0);
    let counted = 0;
    for (let name = 0; name < many; name += 1) counted += meet(recent, hash(name), 0);
    expect(Math.abs(counted - many)).toBeLessThan(0.15 * many);
  });

  it('a flood never counts as more than it is', () => {
    const recent = createRecentDistinct(0);
    let counted = 0;
    for (let name = 0; name < 100_000; name += 1) counted += meet(recent, hash(name), 0);
    expect(counted).toBeGreaterThan(500);
    expect(counted).toBeLessThan(2_000);
  });

  it('begins anew where the clock was wrong, and takes the past for now until then', () => {
    const recent = createRecentDistinct(1e6);
    expect(meet(recent, hash('crm'), 1e6)).toBe(1);
    expect(meet(recent, hash('crm'), 5)).toBe(0);
    meetAfresh(recent, 5);
    expect(meet(recent, hash('crm'), 5)).toBe(1);
  });
});
