import * as z from 'zod';
import {
  APPROVAL_EXPIRES_MS,
  type Approval,
  BREAK_GLASS_MAX_MS,
  EXEMPTION_ALONE_MAX_MS,
  EXEMPTION_MAX_MS,
  HELD_ORDERS,
} from '../../core/approval.ts';
import { breakerKeyText } from '../../core/breaker.ts';
import { MINUTE_MS } from '../../core/time.ts';
import type { Control } from '../../ports/control.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import { BREAKER_READERS, OPERATORS, requireTenant, visibleTenants } from '../auth.ts';
import { keyBody, timeText } from '../bodies.ts';
import type { ApprovalBody } from '../breaker-contract.ts';
import { APPROVAL } from '../breaker-schemas.ts';
import { BREAKER_KEY, IDENTIFIER, ORDER_WORDS } from '../parameters.ts';
import { notFound } from '../problem.ts';
import { defineRoute, type Route } from '../route.ts';
import { ORDER } from '../schemas.ts';
import { actorOf } from './actor.ts';
import { fieldProblem, orderBody, SEEN_EPOCH } from './order-answer.ts';
import { exemptible, orderKey } from './order-key.ts';

interface Dependencies {
  readonly view: EngineView;
  readonly control: Control;
}

const minutes = (most: number) =>
  z
    .number()
    .positive()
    .max(most / MINUTE_MS);

/** Orders of people beside trip and reset: release, exempt, break-glass, and approvals. */
export function breakerOrderRoutes(given: Dependencies): readonly Route[] {
  return [
    releaseRoute(given),
    exemptRoute(given),
    breakGlassRoute(given),
    approvalsRoute(given),
    requestRoute(given),
    decideRoute(given),
    stormRoute(given),
  ];
}

function releaseRoute({ view, control }: Dependencies): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/breakers/release',
    summary: 'Let the subject of an open breaker back in by steps of probation.',
    access: OPERATORS,
    body: z.strictObject({ key: BREAKER_KEY, epoch: SEEN_EPOCH, ...ORDER_WORDS }),
    answer: ORDER,
    handle: async ({ principal, body }) => {
      const key = orderKey(principal, body.key);
      const { epoch, reason } = body;
      const actor = actorOf(principal, body.actor);
      const order = { type: 'release', actor, reason, key, epoch } as const;
      return orderBody(view, (await control.command(key.tenant, order)) ?? key);
    },
  });
}

function exemptRoute({ view, control }: Dependencies): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/breakers/exempt',
    summary:
      'Hold a breaker closed for a time; still scored. More than ' +
      `${EXEMPTION_ALONE_MAX_MS / MINUTE_MS} minutes take a second person.`,
    access: OPERATORS,
    body: z.strictObject({
      key: BREAKER_KEY,
      minutes: minutes(EXEMPTION_MAX_MS),
      ...ORDER_WORDS,
    }),
    answer: ORDER,
    handle: async ({ principal, body }) => {
      const key = exemptible(orderKey(principal, body.key));
      const actor = actorOf(principal, body.actor);
      const forMs = Math.round(body.minutes * MINUTE_MS);
      const order = { type: 'exempt', actor, reason: body.reason, key, forMs } as const;
      return orderBody(view, (await control.command(key.tenant, order)) ?? key);
    },
  });
}

function breakGlassRoute({ view, control }: Dependencies): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/breakers/break-glass',
    summary: 'Let an agent work in an emergency, by one person; loud, and reviewed afterwards.',
    access: OPERATORS,
    body: z.strictObject({
      key: BREAKER_KEY,
      minutes: minutes(BREAK_GLASS_MAX_MS),
      ticket: z.string().trim().min(1).max(200).describe('Where the emergency is recorded.'),
      ...ORDER_WORDS,
    }),
    answer: ORDER,
    handle: async ({ principal, body }) => {
      const key = exemptible(orderKey(principal, body.key));
      const actor = actorOf(principal, body.actor);
      const { reason, ticket } = body;
      const forMs = Math.round(body.minutes * MINUTE_MS);
      const order = { type: 'break_glass', actor, reason, key, forMs, ticket } as const;
      return orderBody(view, (await control.command(key.tenant, order)) ?? key);
    },
  });
}

function approvalsRoute({ view }: Dependencies): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/breakers/approvals',
    summary: 'Orders that wait for a second person.',
    access: BREAKER_READERS,
    query: z.strictObject({ tenant: IDENTIFIER.optional() }),
    answer: z.strictObject({ items: z.array(APPROVAL) }),
    handle: ({ principal, query }) => ({
      items: view.approvals(visibleTenants(principal, query.tenant)).map(approvalBody),
    }),
  });
}

function requestRoute({ view, control }: Dependencies): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/breakers/approvals',
    summary:
      'Ask a second person for an order; it is bound to the epoch and expires after ' +
      `${APPROVAL_EXPIRES_MS / MINUTE_MS} minutes.`,
    access: OPERATORS,
    body: z.strictObject({
      key: BREAKER_KEY,
      epoch: SEEN_EPOCH,
      order: z.enum(HELD_ORDERS),
      minutes: minutes(EXEMPTION_MAX_MS).optional().describe('Of an exemption.'),
      ...ORDER_WORDS,
    }),
    answer: APPROVAL,
    handle: async ({ principal, body }) => {
      const given = orderKey(principal, body.key);
      const key = body.order === 'exempt' ? exemptible(given) : given;
      if ((body.order === 'exempt') !== (body.minutes !== undefined)) {
        throw fieldProblem('minutes', 'goes with an exemption, and with nothing else');
      }
      const { epoch, order, reason } = body;
      const actor = actorOf(principal, body.actor);
      const forMs = Math.round((body.minutes ?? 0) * MINUTE_MS);
      const asked = { key, epoch, order, forMs, reason, actor, credential: principal.name };
      const command = { type: 'approval_request', ...asked } as const;
      const recorded = (await control.command(key.tenant, command)) ?? key;
      const text = breakerKeyText(recorded);
      const found = view
        .approvals([recorded.tenant])
        .find((one) => breakerKeyText(one.key) === text);
      if (found === undefined) throw notFound();
      return approvalBody(found);
    },
  });
}

function decideRoute({ view, control }: Dependencies): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/breakers/approvals/:id',
    summary: 'Approve or deny an order that somebody else asked for.',
    access: OPERATORS,
    params: z.strictObject({ id: z.string().min(1).max(64) }),
    body: z.strictObject({ verdict: z.enum(['approve', 'deny']), ...ORDER_WORDS }),
    answer: ORDER,
    handle: async ({ principal, params, body }) => {
      const approval = view
        .approvals(visibleTenants(principal, undefined))
        .find(({ id }) => id === params.id);
      if (approval === undefined) throw notFound();
      orderKey(principal, approval.key);
      const { verdict, reason } = body;
      const actor = actorOf(principal, body.actor);
      const said = { actor, reason, verdict, approval: approval.id, credential: principal.name };
      await control.command(approval.key.tenant, { type: 'approval_decide', ...said });
      return orderBody(view, approval.key);
    },
  });
}

function stormRoute({ view, control }: Dependencies): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/breakers/calm',
    summary: 'End the storm mode of a tenant: its statistics act again.',
    access: OPERATORS,
    body: z.strictObject({ tenant: IDENTIFIER, ...ORDER_WORDS }),
    answer: z.strictObject({ tenant: z.string(), calm: z.boolean() }),
    handle: async ({ principal, body }) => {
      const { tenant, reason } = body;
      requireTenant(principal, tenant);
      const actor = actorOf(principal, body.actor);
      await control.command(tenant, { type: 'storm_end', actor, reason });
      const calm = view.tenants().every((one) => one.tenant !== tenant || one.storm === null);
      return { tenant, calm };
    },
  });
}

export function approvalBody(approval: Approval): ApprovalBody {
  const { id, key, epoch, order, forMs, reason, requestedBy } = approval;
  return {
    ...{ id, key: keyBody(key), epoch, order, reason, requested_by: requestedBy },
    minutes: forMs === 0 ? null : forMs / MINUTE_MS,
    requested_at: timeText(approval.requestedAt),
    expires_at: timeText(approval.expiresAt),
  };
}
