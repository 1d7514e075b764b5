import * as z from 'zod';
import type { DataKey, KeyOrders } from '../../ports/data-keys.ts';
import { OPERATORS, requireEveryTenant, requireTenant } from '../auth.ts';
import type { DataKeyBody } from '../erasure-contract.ts';
import { IDENTIFIER, ORDER_WORDS } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { actorOf } from './actor.ts';

const KEY: z.ZodType<DataKeyBody> = z.strictObject({
  id: z.string(),
  tenant: z.string().nullable().describe('Null where nobody knows whose it is.'),
  month: z.string().describe('Of log time, as 2026-11.'),
  generation: z.int(),
  state: z.enum(['kept', 'destroyed']),
  destroyed_at: z.string().nullable(),
});
const KEYS = z.strictObject({ items: z.array(KEY) });

/** Orders about the keys that seal the ledger. */
export function dataKeyRoutes(orders: KeyOrders): readonly Route[] {
  const list = defineRoute({
    method: 'GET',
    path: '/v1/keys/data',
    summary: 'Keys that seal the ledger, without the keys.',
    access: OPERATORS,
    query: z.strictObject({ tenant: IDENTIFIER.optional() }),
    answer: KEYS,
    handle: async ({ principal, query: { tenant } }) => {
      if (tenant === undefined) requireEveryTenant(principal);
      else requireTenant(principal, tenant);
      return { items: (await orders.list(tenant ?? null)).map(keyBody) };
    },
  });
  const rotate = defineRoute({
    method: 'POST',
    path: '/v1/keys/data/rotate',
    summary: 'Seal with new keys from now on; of one tenant, or of all.',
    access: OPERATORS,
    body: z.strictObject({ tenant: IDENTIFIER.optional(), ...ORDER_WORDS }),
    answer: KEYS,
    handle: async ({ principal, body: { tenant, reason, actor } }) => {
      if (tenant === undefined) requireEveryTenant(principal);
      else requireTenant(principal, tenant);
      const order = { actor: actorOf(principal, actor), reason };
      return { items: (await orders.rotate({ ...order, tenant: tenant ?? null })).map(keyBody) };
    },
  });
  const rewrap = defineRoute({
    method: 'POST',
    path: '/v1/keys/master/rotate',
    summary: 'Make another master key, and wrap every data key under it.',
    access: OPERATORS,
    body: z.strictObject(ORDER_WORDS),
    answer: z.strictObject({ keys: z.int() }),
    handle: async ({ principal, body: { reason, actor } }) => {
      requireEveryTenant(principal);
      return { keys: await orders.replaceMaster({ actor: actorOf(principal, actor), reason }) };
    },
  });
  return [list, rotate, rewrap];
}

function keyBody({ destroyedAt, ...key }: DataKey): DataKeyBody {
  const destroyed_at = destroyedAt === null ? null : new Date(destroyedAt).toISOString();
  return { ...key, state: destroyedAt === null ? 'kept' : 'destroyed', destroyed_at };
}
