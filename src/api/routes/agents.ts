import * as z from 'zod';
import { LIMITS } from '../../core/limits.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Control } from '../../ports/control.ts';
import type { AgentView, EngineView } from '../../ports/engine-view.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { Store } from '../../ports/store.ts';
import { AGENT, RISK } from '../agent-schemas.ts';
import { BREAKER_READERS, covers, READERS, visibleTenants } from '../auth.ts';
import { agentBody, riskBody, timeText } from '../bodies.ts';
import { pageByPosition } from '../page.ts';
import { CURSOR, IDENTIFIER, INSTANT, limitOf, wholeNumber } from '../parameters.ts';
import { notFound, RequestProblem } from '../problem.ts';
import { defineRoute, type Route } from '../route.ts';
import { ACTIVITY, pageOf } from '../schemas.ts';

/** An agent in the path of a request. */
export const AGENT_PATH = z.strictObject({ tenant: IDENTIFIER, agent: IDENTIFIER });

export function agentRoutes(options: {
  readonly view: EngineView;
  readonly control: Pick<Control, 'recordedKey'>;
  readonly store: Store;
  readonly clock: Clock;
}): readonly Route[] {
  const list = defineRoute({
    method: 'GET',
    path: '/v1/agents',
    summary: 'Agents by level, then risk, highest first.',
    access: READERS,
    query: z.strictObject({
      tenant: IDENTIFIER.optional(),
      limit: limitOf(LIMITS.pageRows),
      cursor: CURSOR.optional(),
    }),
    answer: pageOf(AGENT),
    handle: ({ principal, query }) => {
      const agents = options.view.agents(visibleTenants(principal, query.tenant));
      return pageByPosition(agents, query.limit, query.cursor, agentBody);
    },
  });
  const single = defineRoute({
    method: 'GET',
    path: '/v1/agents/:tenant/:agent',
    summary: 'One agent: state, risk and its parts, grant, coverage.',
    access: READERS,
    params: AGENT_PATH,
    answer: AGENT,
    handle: ({ principal, params }) => agentBody(visibleAgent(options, principal, params)),
    shows: ({ tenant, agent }) => [{ tenant, kind: 'agent', id: agent }],
  });
  const risk = defineRoute({
    method: 'GET',
    path: '/v1/agents/:tenant/:agent/risk',
    summary: 'Risk of one agent with its parts, for policy decision points; answers from memory.',
    access: BREAKER_READERS,
    params: AGENT_PATH,
    answer: RISK,
    handle: ({ principal, params }) => riskBody(visibleAgent(options, principal, params)),
  });
  return [list, single, risk, activityRoute(options)];
}

function activityRoute(options: {
  readonly view: EngineView;
  readonly control: Pick<Control, 'recordedKey'>;
  readonly store: Store;
  readonly clock: Clock;
}): Route {
  const { store, clock } = options;
  return defineRoute({
    method: 'GET',
    path: '/v1/agents/:tenant/:agent/activity',
    summary: 'Calls and records of one agent over time.',
    access: READERS,
    params: AGENT_PATH,
    query: z.strictObject({
      since: INSTANT.optional(),
      bucket: wholeNumber(SECOND_MS, 31 * DAY_MS)
        .default(15 * MINUTE_MS)
        .describe('Width in ms.'),
    }),
    answer: ACTIVITY,
    handle: async ({ principal, params, query }) => {
      const { tenant, agent } = visibleAgent(options, principal, params);
      const bucketMs = query.bucket;
      const since = query.since ?? clock.now() - DAY_MS;
      if ((clock.now() - since) / bucketMs > LIMITS.activityBuckets) {
        const message = `at most ${LIMITS.activityBuckets} buckets: ask for wider ones`;
        throw new RequestProblem('bad_request', `bucket: ${message}`, [
          { path: 'bucket', message },
        ]);
      }
      const buckets = await store.activity({ tenant, agent, since, bucketMs });
      return {
        bucket_ms: bucketMs,
        items: buckets.slice(0, LIMITS.activityBuckets).map(({ bucket, calls, records }) => ({
          bucket: timeText(bucket),
          calls,
          records,
        })),
      };
    },
  });
}

/** By its id as brokers write it, or as recorded. */
export function visibleAgent(
  { view, control }: { readonly view: EngineView; readonly control: Pick<Control, 'recordedKey'> },
  principal: Principal,
  { tenant, agent }: z.output<typeof AGENT_PATH>,
): AgentView {
  if (!covers(principal, tenant)) throw notFound();
  const { id } = control.recordedKey({ tenant, kind: 'agent', id: agent });
  const found = view.agent(tenant, id) ?? view.agent(tenant, agent);
  if (found === null) throw notFound();
  return found;
}
