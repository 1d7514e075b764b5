import * as z from 'zod';
import type { Control } from '../../ports/control.ts';
import { OPERATORS, requireTenant } from '../auth.ts';
import { IDENTIFIER, ORDER_WORDS } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { POSTURE } from '../schemas.ts';
import { actorOf } from './actor.ts';

const SUMMARIES = {
  enforce: 'Let the breakers of a tenant trip.',
  shadow: 'Put a tenant into shadow: score and report, trip nothing new.',
} as const;

export function tenantRoutes(control: Control): readonly Route[] {
  return (['enforce', 'shadow'] as const).map((posture) =>
    defineRoute({
      method: 'POST',
      path: `/v1/tenants/:tenant/${posture}`,
      summary: SUMMARIES[posture],
      access: OPERATORS,
      params: z.strictObject({ tenant: IDENTIFIER }),
      body: z.strictObject(ORDER_WORDS),
      answer: POSTURE,
      handle: async ({ principal, params: { tenant }, body }) => {
        requireTenant(principal, tenant);
        const actor = actorOf(principal, body.actor);
        await control.command(tenant, { type: posture, actor, reason: body.reason });
        return { tenant, posture };
      },
    }),
  );
}
