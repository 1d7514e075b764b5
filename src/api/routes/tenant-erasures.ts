import * as z from 'zod';
import { TripcoilError } from '../../core/errors.ts';
import type {
  TenantErased,
  TenantErasureAsked,
  TenantErasures,
} from '../../ports/tenant-erasures.ts';
import { OPERATORS, requireTenant } from '../auth.ts';
import type { TenantErasureBody } from '../erasure-contract.ts';
import { IDENTIFIER, ORDER_WORDS } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { actorOf } from './actor.ts';

const ERASURE: z.ZodType<TenantErasureBody> = z.strictObject({
  id: z.string(),
  tenant: z.string(),
  status: z.enum(['requested', 'erased']),
  expires_at: z.string().optional().describe('Until when somebody else may approve it.'),
  erased: z
    .strictObject({
      data_keys: z.int().describe('Keys of ledger and snapshots that were destroyed.'),
      subject_keys: z.int().describe('Keys of persons and pseudonyms that were destroyed.'),
      values: z.int().describe('Sealed values that nobody can open any more.'),
      events: z.int().describe('Rows of the store; the same for those below.'),
      findings: z.int(),
      transitions: z.int(),
      rows_deleted: z.boolean().describe('False while the store is still deleting them.'),
    })
    .optional(),
});

/** Orders to erase a whole tenant. The credential is the person: two persons have two. */
export function tenantErasureRoutes(erasures: TenantErasures): readonly Route[] {
  const request = defineRoute({
    method: 'POST',
    path: '/v1/tenants/:tenant/erase-all',
    summary: 'Ask to erase everything of a tenant; somebody else must approve. Not under hold.',
    access: OPERATORS,
    params: z.strictObject({ tenant: IDENTIFIER }),
    body: z.strictObject(ORDER_WORDS),
    answer: ERASURE,
    handle: async ({ principal, params: { tenant }, body }) => {
      requireTenant(principal, tenant);
      const actor = actorOf(principal, body.actor);
      const order = { tenant, actor, credential: principal.name, reason: body.reason };
      return erasureBody(await erasures.request(order));
    },
  });
  const approve = defineRoute({
    method: 'POST',
    path: '/v1/erasures/:id/approve',
    summary: 'Approve the erasure that somebody else asked for: it is done at once, for good.',
    access: OPERATORS,
    params: z.strictObject({ id: z.uuid() }),
    body: z.strictObject({ actor: ORDER_WORDS.actor }),
    answer: ERASURE,
    handle: async ({ principal, params: { id }, body }) => {
      const tenant = erasures.tenantOf(id);
      // The same answer for an erasure of another tenant and for none.
      if (principal.tenants !== '*' && !principal.tenants.includes(tenant ?? '')) {
        throw new TripcoilError('not_found', 'no such erasure waits; it may have expired');
      }
      const by = { actor: actorOf(principal, body.actor), credential: principal.name };
      return erasureBody(await erasures.approve(id, by));
    },
  });
  return [request, approve];
}

function erasureBody(erasure: TenantErasureAsked | TenantErased): TenantErasureBody {
  const { id, tenant, status } = erasure;
  if (erasure.status === 'requested') {
    return { id, tenant, status, expires_at: new Date(erasure.expiresAt).toISOString() };
  }
  const { dataKeys, subjectKeys, values, events, findings, transitions, rowsDeleted } = erasure;
  const rows = { values, events, findings, transitions, rows_deleted: rowsDeleted };
  return {
    id,
    tenant,
    status,
    erased: { data_keys: dataKeys, subject_keys: subjectKeys, ...rows },
  };
}
