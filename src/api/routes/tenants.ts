import * as z from 'zod';
import { TripcoilError } from '../../core/errors.ts';
import type { Control } from '../../ports/control.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import type { Principal } from '../../ports/ingest.ts';
import { OPERATORS, requireTenant } from '../auth.ts';
import type { PostureBody } from '../contract.ts';
import { IDENTIFIER, ORDER_WORDS } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { POSTURE } from '../schemas.ts';
import { actorOf } from './actor.ts';

const SUMMARIES = {
  enforce: 'Let the breakers of a tenant trip.',
  shadow: 'Put a tenant into shadow: score and report, trip nothing new.',
} as const;

interface Dependencies {
  readonly view: EngineView;
  readonly control: Control;
}

export function tenantRoutes({ view, control }: Dependencies): readonly Route[] {
  const enforce = defineRoute({
    ...headOf('enforce'),
    body: z.strictObject({
      ...ORDER_WORDS,
      create: z
        .boolean()
        .default(false)
        .describe('Takes a tenant never seen before; without it such a name is refused.'),
    }),
    handle: ({ principal, params: { tenant }, body }) => {
      requireTenant(principal, tenant);
      if (!body.create && !view.tenants().some((known) => known.tenant === tenant)) {
        const message = 'No agent, grant or configuration names this tenant.';
        throw new TripcoilError('not_found', `${message} Is it misspelt? If not, set \`create\`.`);
      }
      return order(control, 'enforce', tenant, principal, body);
    },
  });
  const shadow = defineRoute({
    ...headOf('shadow'),
    body: z.strictObject(ORDER_WORDS),
    handle: ({ principal, params: { tenant }, body }) => {
      requireTenant(principal, tenant);
      return order(control, 'shadow', tenant, principal, body);
    },
  });
  return [enforce, shadow];
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
