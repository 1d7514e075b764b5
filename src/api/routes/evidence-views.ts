import * as z from 'zod';
import type { EvidenceViews } from '../../ports/evidence-views.ts';
import { READERS, visibleTenants } from '../auth.ts';
import { timeText } from '../bodies.ts';
import { IDENTIFIER, limitOf } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';

const VIEW = z.strictObject({
  tenant: z.string(),
  actor: z.string().describe('The credential that was shown it.'),
  of: z.enum(['agent', 'chain', 'token', 'proof']),
  id: z.string(),
  at: z.string(),
});

const DEFAULT_ROWS = 100;

/** `GET /v1/ledger/views`: who looked at which evidence. */
export function evidenceViewsRoute(views: EvidenceViews): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/ledger/views',
    summary:
      'Who looked at which agent, chain, token or proof, newest first: the latest since the ' +
      'process began. The ledger holds them all, as entries of kind `view`.',
    access: READERS,
    query: z.strictObject({ tenant: IDENTIFIER.optional(), limit: limitOf(DEFAULT_ROWS) }),
    answer: z.strictObject({ items: z.array(VIEW) }),
    handle: ({ principal, query }) => ({
      items: views
        .latest(visibleTenants(principal, query.tenant), query.limit)
        .map(({ tenant, actor, kind, id, at }) => ({
          ...{ tenant, actor, of: kind, id },
          at: timeText(at),
        })),
    }),
  });
}
