import * as z from 'zod';
import { TripcoilError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import type { Control } from '../../ports/control.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import type { Principal } from '../../ports/ingest.ts';
import { OPERATORS, requireTenant } from '../auth.ts';
import type { PostureBody } from '../contract.ts';
import { IDENTIFIER, ORDER_WORDS } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { POSTURE } from '../schemas.ts';
import { actorOf } from './actor.ts';

const BODY = z.strictObject({
  ...ORDER_WORDS,
  create: z
    .boolean()
    .default(false)
    .describe('Takes a tenant never seen before; without it such a name is refused.'),
});

const SUMMARIES = {
  enforce: 'Let the breakers of a tenant trip.',
  shadow:
    'Put a tenant into shadow: score and report, trip nothing new. What people hold, and what ' +
    'takes two persons to close, goes on.',
} as const;

interface Dependencies {
  readonly view: EngineView;
  readonly control: Control;
}

export function tenantRoutes({ view, control }: Dependencies): readonly Route[] {
  const enforce = defineRoute({
    ...headOf('enforce'),
    body: BODY,
    handle: ({ principal, params: { tenant }, body }) => {
      requireTenant(principal, tenant);
      if (!body.create) requireKnown(view, principal, tenant);
      return order(control, 'enforce', tenant, principal, body);
    },
  });
  const shadow = defineRoute({
    ...headOf('shadow'),
    body: BODY,
    handle: ({ principal, params: { tenant }, body }) => {
      requireTenant(principal, tenant);
      if (!body.create) requireKnown(view, principal, tenant);
      return order(control, 'shadow', tenant, principal, body);
    },
  });
  return [enforce, shadow];
}

/** A name that nobody used before is likely misspelt; suggests one that the caller may see. */
function requireKnown(view: EngineView, { tenants }: Principal, tenant: string): void {
  const known = view.tenants().map((one) => one.tenant);
  if (known.includes(tenant)) return;
  const visible = known.filter((one) => tenants === '*' || tenants.includes(one));
  const meant = nearest(tenant, visible);
  const message = 'No agent, grant or configuration names this tenant.';
  const hint = meant === null ? 'Is it misspelt?' : `Did you mean ${meant}?`;
  throw new TripcoilError('not_found', `${message} ${hint} If it is new, set \`create\`.`);
}

type Posture = keyof typeof SUMMARIES;

function headOf(posture: Posture) {
  return {
    method: 'POST',
    path: `/v1/tenants/:tenant/${posture}`,
    summary: SUMMARIES[posture],
    access: OPERATORS,
    params: z.strictObject({ tenant: IDENTIFIER }),
    answer: POSTURE,
  } as const;
}

async function order(
  control: Control,
  posture: Posture,
  tenant: string,
  principal: Principal,
  body: { readonly reason: string; readonly actor?: string | undefined },
): Promise<PostureBody> {
  const actor = actorOf(principal, body.actor);
  await control.command(tenant, { type: posture, actor, reason: body.reason });
  return { tenant, posture };
}
