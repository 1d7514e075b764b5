import * as z from 'zod';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { Erasure, RevealState, SubjectOrders } from '../../ports/subject-orders.ts';
import type { KeyRotation } from '../../ports/subjects.ts';
import { OPERATORS, requireTenant } from '../auth.ts';
import type { ErasureBody, RevealBody, RotationBody } from '../contract.ts';
import { IDENTIFIER, ORDER_WORDS } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { actorOf } from './actor.ts';

const SUBJECT = z
  .array(z.string().min(1).max(LIMITS.identifierChars))
  .max(32)
  .describe('Identifiers of one person: addresses, names, numbers, or tokens of them.');
const TENANT = z.strictObject({ tenant: IDENTIFIER });
const REVEAL = z.strictObject({ id: z.uuid() });
const DONE = z.strictObject({ accepted: z.literal(true) });

const ERASURE: z.ZodType<ErasureBody> = z.strictObject({
  tenant: z.string(),
  dry_run: z.boolean(),
  keys: z.int().describe('Keys of the person that were destroyed.'),
  values: z.int().describe('Sealed values that nobody can open any more.'),
  events: z.int().describe('Rows of the store that were deleted; the same for those below.'),
  findings: z.int(),
  transitions: z.int(),
});

const REVEAL_STATE: z.ZodType<RevealBody> = z.strictObject({
  id: z.string(),
  status: z.enum(['requested', 'approved']),
  expires_at: z.string(),
});

const ROTATION: z.ZodType<RotationBody> = z.strictObject({
  tenant: z.string(),
  key_id: z.string(),
  previous_key_id: z.string(),
  overlap_until: z.string(),
});

/** Orders about single persons and about pseudonym keys. All of them are recorded. */
export function subjectRoutes(orders: SubjectOrders): readonly Route[] {
  const erase = defineRoute({
    method: 'POST',
    path: '/v1/tenants/:tenant/erase',
    summary: 'Erase a person: destroy their keys, delete their rows. Refused under legal hold.',
    access: OPERATORS,
    params: TENANT,
    body: z.strictObject({
      subject: SUBJECT.min(1),
      dry_run: z.boolean().default(false).describe('Only counts what would go.'),
      ...ORDER_WORDS,
    }),
    answer: ERASURE,
    handle: async ({ principal, params: { tenant }, body }) => {
      const { subject, dry_run: dryRun } = body;
      return erasureBody(
        await orders.erase({ ...order(principal, tenant, body), subject, dryRun }),
      );
    },
  });
  const hold = (release: boolean) =>
    defineRoute({
      method: 'POST',
      path: `/v1/tenants/:tenant/legal-hold${release ? '/release' : ''}`,
      summary: release ? 'End a legal hold.' : 'Refuse erasure, of a person or of everybody.',
      access: OPERATORS,
      params: TENANT,
      body: z.strictObject({ subject: SUBJECT.default([]), ...ORDER_WORDS }),
      answer: DONE,
      handle: async ({ principal, params: { tenant }, body }) => {
        const given = { ...order(principal, tenant, body), subject: body.subject };
        await (release ? orders.release(given) : orders.hold(given));
        return { accepted: true } as const;
      },
    });
  return [erase, hold(false), hold(true), rotateRoute(orders), ...revealRoutes(orders)];
}

function rotateRoute(orders: SubjectOrders): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/tenants/:tenant/keys/rotate',
    summary: 'Give pseudonyms under a new key, and for a while tell the old ones beside them.',
    access: OPERATORS,
    params: TENANT,
    body: z.strictObject({
      overlap_hours: z.number().min(1).max(8_760).default(336).describe('How long both are told.'),
      ...ORDER_WORDS,
    }),
    answer: ROTATION,
    handle: async ({ principal, params: { tenant }, body }) => {
      const overlapMs = Math.round(body.overlap_hours * 3_600_000);
      return rotationBody(await orders.rotate({ ...order(principal, tenant, body), overlapMs }));
    },
  });
}

/** The credential is the person here: a name typed beside it proves nothing. */
function revealRoutes(orders: SubjectOrders): readonly Route[] {
  const request = defineRoute({
    method: 'POST',
    path: '/v1/tenants/:tenant/reveals',
    summary: 'Ask to see the value behind a token; somebody else must approve.',
    access: OPERATORS,
    params: TENANT,
    body: z.strictObject({ token: IDENTIFIER, reason: ORDER_WORDS.reason }),
    answer: REVEAL_STATE,
    handle: async ({ principal, params: { tenant }, body }) => {
      const { token, reason } = body;
      requireTenant(principal, tenant);
      const given = { tenant, token, reason, actor: principal.name };
      return revealBody(await orders.requestReveal(given));
    },
  });
  const approve = defineRoute({
    method: 'POST',
    path: '/v1/reveals/:id/approve',
    summary: 'Approve what somebody else asked to see.',
    access: OPERATORS,
    params: REVEAL,
    body: z.strictObject({}),
    answer: REVEAL_STATE,
    handle: async ({ principal, params: { id } }) => {
      requireReveal(orders, principal, id);
      return revealBody(await orders.approveReveal(id, principal.name));
    },
  });
  const read = defineRoute({
    method: 'POST',
    path: '/v1/reveals/:id/read',
    summary: 'See the value, once, as the person who asked.',
    access: OPERATORS,
    params: REVEAL,
    body: z.strictObject({}),
    answer: z.strictObject({ value: z.string() }),
    handle: async ({ principal, params: { id } }) => {
      requireReveal(orders, principal, id);
      return { value: await orders.readReveal(id, principal.name) };
    },
  });
  return [request, approve, read];
}

/** The same answer for a reveal of another tenant and for none. */
function requireReveal(orders: SubjectOrders, principal: Principal, id: string): void {
  const tenant = orders.revealTenant(id);
  const covered = principal.tenants === '*' || principal.tenants.includes(tenant ?? '');
  if (tenant === null || !covered) {
    throw new TripcoilError('not_found', 'no such reveal is open');
  }
}

function order(
  principal: Principal,
  tenant: string,
  { actor, reason }: { readonly actor?: string | undefined; readonly reason: string },
) {
  requireTenant(principal, tenant);
  return { tenant, reason, actor: actorOf(principal, actor) };
}

function erasureBody({ dryRun, ...rest }: Erasure): ErasureBody {
  return { ...rest, dry_run: dryRun };
}

function revealBody({ id, status, expiresAt }: RevealState): RevealBody {
  return { id, status, expires_at: new Date(expiresAt).toISOString() };
}

function rotationBody(rotation: KeyRotation): RotationBody {
  const { tenant, keyId, previousKeyId, overlapUntil } = rotation;
  return {
    tenant,
    key_id: keyId,
    previous_key_id: previousKeyId,
    overlap_until: new Date(overlapUntil).toISOString(),
  };
}
