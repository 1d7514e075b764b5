import * as z from 'zod';
import { chainIdOf } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Store } from '../../ports/store.ts';
import { READERS } from '../auth.ts';
import { chainBody } from '../chain-body.ts';
import { IDENTIFIER } from '../parameters.ts';
import { notFound } from '../problem.ts';
import { defineRoute, type Route } from '../route.ts';
import { CHAIN } from '../schemas.ts';

export function chainRoutes(store: Store): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/chains/:id',
      summary:
        'One request from end to end, by chain, trace, transaction, token, decision or session id.',
      access: READERS,
      params: z.strictObject({ id: IDENTIFIER }),
      answer: CHAIN,
      handle: async ({ principal, params: { id } }) => {
        const { tenants } = principal;
        const rows = await store.chain(tenants, id, LIMITS.chainSteps + 1);
        const steps = rows.slice(0, LIMITS.chainSteps);
        const chains = [...new Set(steps.map(({ event }) => chainIdOf(event)))];
        const found = await store.findings({ tenants, chains, limit: LIMITS.pageRows });
        const body = chainBody(id, steps, found.rows, rows.length > steps.length);
        if (body === null) throw notFound();
        return body;
      },
    }),
  ];
}
