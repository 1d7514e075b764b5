import * as z from 'zod';
import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Control } from '../../ports/control.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import type { Store, StoredToken } from '../../ports/store.ts';
import { READERS, visibleTenants } from '../auth.ts';
import { IDENTIFIER } from '../parameters.ts';
import { notFound } from '../problem.ts';
import { recordedIds } from '../recorded-id.ts';
import { defineRoute, type Route } from '../route.ts';
import { TOKEN } from '../schemas.ts';
import { tokenBody } from '../token-body.ts';

/** What routes about tokens read from. */
interface TokenReading {
  readonly view: EngineView;
  readonly control: Pick<Control, 'recordedKey'>;
  readonly store: Store;
  readonly clock: Clock;
}

export function tokenRoutes(given: TokenReading): readonly Route[] {
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
        const whole = await tokenByAnyName(given, visible, jti);
        const truncated = whole.rows.length > LIMITS.tokenRecords;
        const rows = whole.rows.slice(0, LIMITS.tokenRecords);
        const tenants = [...new Set(rows.map(({ event }) => event.tenant.id))];
        const [tenant = ''] = tenants;
        const stored = ofTenant({ rows, transitions: whole.transitions }, tenant);
        const body = tokenBody({ asked: jti, stored, now: given.clock.now(), truncated });
        if (body === null) throw notFound();
        return { ...body, other_tenants: tenants.slice(1) };
      },
      shows: ({ tenant, asked }) => [{ tenant, kind: 'token', id: asked }],
    }),
  ];
}

/** By its id as recorded, or as brokers write it. */
async function tokenByAnyName(
  given: TokenReading,
  visible: readonly string[] | '*',
  jti: string,
): Promise<StoredToken> {
  let found: StoredToken = { rows: [], transitions: [] };
  for (const name of recordedIds(given, visible, jti)) {
    found = await given.store.token(name.tenants, name.id, LIMITS.tokenRecords + 1);
    if (found.rows.length > 0) break;
  }
  return found;
}

/** Equal names in two tenants are two tokens. */
function ofTenant({ rows, transitions }: StoredToken, tenant: string): StoredToken {
  return { rows: rows.filter(({ event }) => event.tenant.id === tenant), transitions };
}
