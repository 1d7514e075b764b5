import * as z from 'zod';
import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store, StoredToken } from '../../ports/store.ts';
import { READERS, visibleTenants } from '../auth.ts';
import { IDENTIFIER } from '../parameters.ts';
import { notFound } from '../problem.ts';
import { defineRoute, type Route } from '../route.ts';
import { TOKEN } from '../schemas.ts';
import { tokenBody } from '../token-body.ts';

export function tokenRoutes(store: Store, clock: Clock): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/tokens/:jti',
      summary:
        'The life of one token, by its `jti` or reference: issued, presented, accepted, ' +
        'rejected, expired, revoked; by `tenant` where several have the `jti`.',
      access: READERS,
      params: z.strictObject({ jti: IDENTIFIER }),
      query: z.strictObject({ tenant: IDENTIFIER.optional() }),
      answer: TOKEN,
      handle: async ({ principal, params: { jti }, query }) => {
        const visible = visibleTenants(principal, query.tenant);
        const whole = await store.token(visible, jti, LIMITS.tokenRecords + 1);
        const truncated = whole.rows.length > LIMITS.tokenRecords;
        const rows = whole.rows.slice(0, LIMITS.tokenRecords);
        const tenants = [...new Set(rows.map(({ event }) => event.tenant.id))];
        const [tenant = ''] = tenants;
        const stored = ofTenant({ rows, transitions: whole.transitions }, tenant);
        const body = tokenBody({ asked: jti, stored, now: clock.now(), truncated });
        if (body === null) throw notFound();
        return { ...body, other_tenants: tenants.slice(1) };
      },
    }),
  ];
}

/** Equal names in two tenants are two tokens. */
function ofTenant({ rows, transitions }: StoredToken, tenant: string): StoredToken {
  return { rows: rows.filter(({ event }) => event.tenant.id === tenant), transitions };
}
