import { describe, expect, it } from 'vitest';
import type { PersonalFindingBody } from '../../../../src/api/contract.ts';
import { gravestFirst, isSecret, typeInWords, typeTotals } from './personal.ts';

function met(type: string, count: number, agent = 'a'): PersonalFindingBody {
  const at = '2026-11-21T09:00:00.000Z';
  return {
    ...{ tenant: 'acme', type, source: 'native', field: 'intent.text', agent, count },
    ...{ first_seen: at, last_seen: at },
  };
}

describe('personal data by type', () => {
  it('is summed, secrets first', () => {
    const rows = [met('email', 400), met('secret:jwt', 1), met('phone', 900), met('email', 3, 'b')];
    expect(typeTotals(rows)).toEqual([
      { type: 'secret:jwt', count: 1, places: 1 },
      { type: 'phone', count: 900, places: 1 },
      { type: 'email', count: 403, places: 2 },
    ]);
    expect([...rows].sort(gravestFirst).map(({ count }) => count)).toEqual([1, 900, 400, 3]);
  });

  it('has names that a person reads', () => {
    expect([isSecret('secret:github_token'), isSecret('secret')]).toEqual([true, false]);
    expect(typeInWords('secret:github_token')).toBe('github token');
    expect(typeInWords('date_of_birth')).toBe('date of birth');
  });
});
