import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { hashOf, parseHash } from './router.ts';

describe('addresses', () => {
  it('reads every page', () => {
    expect(parseHash('').route).toEqual({ page: 'overview' });
    expect(parseHash('#/findings?agent=a').query).toEqual({ agent: 'a' });
    expect(parseHash('#/chains/4bf9').route).toEqual({ page: 'chain', id: '4bf9' });
    expect(parseHash('#/agents/acme/bot?range=7d')).toEqual({
      route: { page: 'agent', tenant: 'acme', agent: 'bot' },
      query: { range: '7d' },
    });
    expect(parseHash('#/findings/acme/812-0').route).toEqual({
      page: 'finding',
      tenant: 'acme',
      id: '812-0',
    });
    expect(parseHash('#/reviews?show=all').route).toEqual({ page: 'reviews' });
    expect(parseHash(hashOf({ page: 'review', id: 'r81' })).route).toEqual({
      page: 'review',
      id: 'r81',
    });
    expect(parseHash('#/detectors').route).toEqual({ page: 'detectors' });
    expect(parseHash('#/privacy?type=email').route).toEqual({ page: 'privacy' });
    expect(parseHash('#/privacy/too/far').route.page).toBe('missing');
    expect(parseHash('#/nowhere/at/all').route.page).toBe('missing');
  });

  it('survives broken escapes', () => {
    expect(parseHash('#/chains/%E0%A4%A').route).toEqual({ page: 'chain', id: '%E0%A4%A' });
  });

  it('leaves empty parts of the query out', () => {
    expect(hashOf({ page: 'findings' }, { tenant: '', agent: 'a b' })).toBe('#/findings?agent=a+b');
  });

  const id = fc.string({ unit: 'grapheme', minLength: 1 });
  test.prop([id, id, id])(
    'names any agent and chain and finds it again',
    (tenant, agent, chain) => {
      const agentRoute = { page: 'agent', tenant, agent } as const;
      expect(parseHash(hashOf(agentRoute, { tenant })).route).toEqual(agentRoute);
      const chainRoute = { page: 'chain', id: chain } as const;
      expect(parseHash(hashOf(chainRoute)).route).toEqual(chainRoute);
      const findingRoute = { page: 'finding', tenant, id: chain } as const;
      expect(parseHash(hashOf(findingRoute)).route).toEqual(findingRoute);
    },
  );
});
