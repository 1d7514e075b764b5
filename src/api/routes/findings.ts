import * as z from 'zod';
import type { EngineView } from '../../ports/engine-view.ts';
import type { Store } from '../../ports/store.ts';
import { READERS, visibleTenants } from '../auth.ts';
import { findingBody } from '../bodies.ts';
import { CURSOR, IDENTIFIER, INSTANT, limitOf } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { FINDING, pageOf } from '../schemas.ts';

const DEFAULT_ROWS = 100;

export function findingRoutes(store: Store, view: EngineView): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/findings',
      summary: 'What detectors found, newest first.',
      access: READERS,
      query: z.strictObject({
        tenant: IDENTIFIER.optional(),
        agent: IDENTIFIER.optional(),
        detector: IDENTIFIER.optional(),
        id: IDENTIFIER.optional(),
        since: INSTANT.optional(),
        until: INSTANT.optional(),
        limit: limitOf(DEFAULT_ROWS),
        cursor: CURSOR.optional(),
      }),
      answer: pageOf(FINDING),
      handle: async ({ principal, query }) => {
        const { agent, detector, id, since, until, limit, cursor } = query;
        const page = await store.findings({
          tenants: visibleTenants(principal, query.tenant),
          limit,
          ...(agent === undefined ? {} : { agent }),
          ...(detector === undefined ? {} : { detector }),
          ...(id === undefined ? {} : { id }),
          ...(since === undefined ? {} : { since }),
          ...(until === undefined ? {} : { until }),
          ...(cursor === undefined ? {} : { cursor }),
        });
        const items = page.rows.map((finding) =>
          findingBody(finding, view.feedback(finding.tenant, finding.id)),
        );
        return { items, next: page.next };
      },
    }),
  ];
}
