import * as z from 'zod';
import { JOININGS } from '../../core/joining.ts';
import type { Control } from '../../ports/control.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import { AGENT } from '../agent-schemas.ts';
import { OPERATORS } from '../auth.ts';
import { agentBody } from '../bodies.ts';
import { IDENTIFIER, ORDER_WORDS } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { actorOf } from './actor.ts';
import { AGENT_PATH, visibleAgent } from './agents.ts';

interface Dependencies {
  readonly view: EngineView;
  readonly control: Control;
}

/** Orders of people about what is known of an agent. */
export function agentHistoryRoutes(given: Dependencies): readonly Route[] {
  return [resetRoute(given), mergeRoute(given)];
}

function resetRoute({ view, control }: Dependencies): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/agents/:tenant/:agent/baseline/reset',
    summary: 'Forget what was usual for an agent; it learns anew, from its peers at first.',
    access: OPERATORS,
    params: AGENT_PATH,
    body: z.strictObject({ ...ORDER_WORDS }),
    answer: AGENT,
    handle: async ({ principal, params, body }) => {
      const { tenant, agent } = visibleAgent({ view, control }, principal, params);
      const actor = actorOf(principal, body.actor);
      const { reason } = body;
      await control.command(tenant, { type: 'baseline_reset', actor, reason, agent });
      return agentBody(visibleAgent({ view, control }, principal, { tenant, agent }));
    },
  });
}

function mergeRoute({ view, control }: Dependencies): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/agents/:tenant/:agent/baseline/merge',
    summary: 'Let the history of another agent count for this one too, as after a new name.',
    access: OPERATORS,
    params: AGENT_PATH,
    body: z.strictObject({
      from: IDENTIFIER.describe('The other agent of the tenant; its own history stays.'),
      joining: z
        .enum(JOININGS)
        .default('in_turn')
        .describe('`in_turn`: one agent under two names. `at_once`: two shares of one work.'),
      ...ORDER_WORDS,
    }),
    answer: AGENT,
    handle: async ({ principal, params, body }) => {
      const { tenant, agent } = visibleAgent({ view, control }, principal, params);
      const other = { tenant, agent: body.from };
      const { agent: from } = visibleAgent({ view, control }, principal, other);
      const actor = actorOf(principal, body.actor);
      const { reason, joining } = body;
      const order = { type: 'baseline_merge', actor, reason, agent, from, joining } as const;
      await control.command(tenant, order);
      return agentBody(visibleAgent({ view, control }, principal, { tenant, agent }));
    },
  });
}
