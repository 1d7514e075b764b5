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
    },
  );
});
