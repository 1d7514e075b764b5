import * as z from 'zod';
import type { DrillReport, Drills } from '../../ports/drills.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import { OPERATORS, requireTenant, visibleTenants } from '../auth.ts';
import type { DrillBody } from '../breaker-contract.ts';
import { DRILL } from '../breaker-schemas.ts';
import { IDENTIFIER, ORDER_WORDS } from '../parameters.ts';
import { notFound } from '../problem.ts';
import { defineRoute, type Route } from '../route.ts';
import { actorOf } from './actor.ts';

/** `POST /v1/breakers/drill`: the way to every enforcement point, without any effect on agents. */
export function drillRoute(drills: Pick<Drills, 'run'> | undefined, view: EngineView): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/breakers/drill',
    summary:
      'Ask every enforcement point of a tenant, or of each, whether it hears; no breaker moves. ' +
      'Answers when all have, or their time is up.',
    access: OPERATORS,
    body: z.strictObject({ tenant: IDENTIFIER.optional(), ...ORDER_WORDS }),
    answer: z.strictObject({ items: z.array(DRILL) }),
    handle: async ({ principal, body }) => {
      if (!drills) throw notFound();
      if (body.tenant !== undefined) requireTenant(principal, body.tenant);
      const seen = visibleTenants(principal, body.tenant);
      const known = view.tenants().map(({ tenant }) => tenant);
      const tenants = body.tenant === undefined ? known.filter((each) => covers(seen, each)) : seen;
      const by = { actor: actorOf(principal, body.actor), reason: body.reason };
      const named = tenants === '*' ? known : tenants;
      return { items: (await Promise.all(named.map((one) => drills.run(one, by)))).map(drillBody) };
    },
  });
}

function covers(seen: readonly string[] | '*', tenant: string): boolean {
  return !tenant.startsWith('_') && (seen === '*' || seen.includes(tenant));
}

function drillBody({ id, tenant, points }: DrillReport): DrillBody {
  return {
    drill: id,
    tenant,
    silent: points.filter(({ status }) => status === 'silent' || status === 'refused').length,
    points: points.map(({ latencyMs, ...point }) => ({
      ...point,
      latency_ms: latencyMs === null ? null : Math.round(latencyMs * 10) / 10,
    })),
  };
}
