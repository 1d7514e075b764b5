import * as z from 'zod';
import { OUTCOMES } from '../../core/access-event.ts';
import { SYSTEM_TENANT } from '../../core/entry.ts';
import { DAY_MS } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { Store } from '../../ports/store.ts';
import { covers, READERS, visibleTenants } from '../auth.ts';
import { AUTHENTICATION, authenticationBody } from '../authentication-body.ts';
import { CURSOR, IDENTIFIER, INSTANT, limitOf } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { pageOf } from '../schemas.ts';

const DEFAULT_ROWS = 100;

/** `GET /v1/authentications`: who authenticated and who failed to. */
export function authenticationsRoute(store: Store, clock: Clock): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/authentications',
    summary:
      'Who authenticated and who failed to, newest first: log-ins of audit records, and the ' +
      'credentials sent to Tripcoil itself. Those of no one tenant stand in `_system`, for ' +
      'operators of every tenant. Without `since`, those of the last day.',
    access: READERS,
    query: z.strictObject({
      tenant: IDENTIFIER.optional(),
      agent: IDENTIFIER.optional(),
      outcome: z.enum(OUTCOMES).optional(),
      since: INSTANT.optional(),
      until: INSTANT.optional(),
      limit: limitOf(DEFAULT_ROWS),
      cursor: CURSOR.optional(),
    }),
    answer: pageOf(AUTHENTICATION),
    handle: async ({ principal, query }) => {
      const { agent, outcome, until, limit, cursor } = query;
      const page = await store.authentications({
        ...tenantsOf(principal, query.tenant),
        since: query.since ?? (until ?? clock.now()) - DAY_MS,
        limit,
        ...(agent === undefined ? {} : { agent }),
        ...(outcome === undefined ? {} : { outcome }),
        ...(until === undefined ? {} : { until }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: page.rows.map(authenticationBody), next: page.next };
    },
  });
}

/**
 * Who knocks at the process's own door is for those who run it: it names the callers of every
 * tenant, and what is tried against the credentials of them all.
 */
function tenantsOf(principal: Principal, asked: string | undefined) {
  const tenants = visibleTenants(principal, asked);
  const runsIt = principal.roles.includes('operator') && covers(principal, SYSTEM_TENANT);
  if (runsIt) return { tenants };
  if (tenants === '*') return { tenants, without: SYSTEM_TENANT };
  return { tenants: tenants.filter((tenant) => tenant !== SYSTEM_TENANT) };
}
