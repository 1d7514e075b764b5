import * as z from 'zod';
import type { Control } from '../../ports/control.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import type { Store } from '../../ports/store.ts';
import { READERS, visibleTenants } from '../auth.ts';
import { findingBody } from '../bodies.ts';
import { CURSOR, IDENTIFIER, INSTANT, limitOf } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { FINDING, pageOf } from '../schemas.ts';

const DEFAULT_ROWS = 100;

export function findingRoutes(options: {
  readonly store: Store;
  readonly view: EngineView;
  readonly control: Pick<Control, 'recordedKey'>;
}): readonly Route[] {
  const { store, view } = options;
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
        const { detector, id, since, until, limit, cursor } = query;
        const tenants = visibleTenants(principal, query.tenant);
        const agent = recordedAgent(options.control, tenants, query.agent);
        const page = await store.findings({
          tenants,
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

/** A pseudonym is its tenant's own: across several tenants only what is recorded is met. */
function recordedAgent(
  control: Pick<Control, 'recordedKey'>,
  tenants: readonly string[] | '*',
  agent: string | undefined,
): string | undefined {
  const [tenant, ...others] = tenants === '*' ? [] : tenants;
  if (agent === undefined || tenant === undefined || others.length > 0) return agent;
  return control.recordedKey({ tenant, kind: 'agent', id: agent }).id;
}
