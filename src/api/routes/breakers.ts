import * as z from 'zod';
import { type BreakerKey, type BreakerLevel, NO_GLOBAL_STOP } from '../../core/breaker.ts';
import { kindOfLocalId } from '../../core/chain.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Control } from '../../ports/control.ts';
import type { BreakerPreview, EngineView } from '../../ports/engine-view.ts';
import { BREAKER_READERS, OPERATORS, requireTenant, visibleTenants } from '../auth.ts';
import { breakerBody, keyBody } from '../bodies.ts';
import type { PreviewBody } from '../breaker-contract.ts';
import { PREVIEW } from '../breaker-schemas.ts';
import { pageByPosition } from '../page.ts';
import { BREAKER_KEY, CURSOR, IDENTIFIER, limitOf, ORDER_WORDS } from '../parameters.ts';
import { notFound } from '../problem.ts';
import { defineRoute, type Route } from '../route.ts';
import { BREAKER, ORDER, pageOf } from '../schemas.ts';
import { actorOf } from './actor.ts';
import { breakerOrderRoutes } from './breaker-orders.ts';
import { fieldProblem, orderBody, SEEN_EPOCH } from './order-answer.ts';
import { orderKey } from './order-key.ts';

const LEVELS: readonly BreakerLevel[] = [1, 2, 3, 4, 5, 6, 7];

/** Levels that only make sense on one kind of key. */
const KIND_OF_LEVEL: Readonly<Partial<Record<BreakerLevel, BreakerKey['kind']>>> = {
  6: 'tenant',
  7: 'global',
};

const PREVIEW_QUERY = z.strictObject({
  preview: z
    .enum(['true', 'false'])
    .optional()
    .describe('Only tell what the order would touch; nothing is recorded.'),
});

interface Dependencies {
  readonly view: EngineView;
  readonly control: Control;
}

export function breakerRoutes({ view, control }: Dependencies): readonly Route[] {
  const list = defineRoute({
    method: 'GET',
    path: '/v1/breakers',
    summary: 'Breakers that are not closed, with who confirmed and who still owes.',
    access: BREAKER_READERS,
    query: z.strictObject({
      tenant: IDENTIFIER.optional(),
      include: z.literal('closed').optional(),
      limit: limitOf(LIMITS.pageRows),
      cursor: CURSOR.optional(),
    }),
    answer: pageOf(BREAKER),
    handle: ({ principal, query }) => {
      const tenants = visibleTenants(principal, query.tenant);
      const breakers = view.breakers(tenants, query.include === 'closed');
      return pageByPosition(breakers, query.limit, query.cursor, breakerBody);
    },
  });
  return [
    list,
    byKeyRoute({ view, control }),
    tripRoute({ view, control }),
    resetRoute({ view, control }),
    ...breakerOrderRoutes({ view, control }),
  ];
}

function byKeyRoute({ view, control }: Dependencies): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/breakers/by-key',
    summary: 'One breaker, also a closed one, by the key as written or as recorded.',
    access: BREAKER_READERS,
    query: BREAKER_KEY,
    answer: BREAKER,
    handle: ({ principal, query }) => {
      const { tenant, kind, id, agent } = query;
      const narrowed = agent === undefined ? {} : { agent };
      const key = control.recordedKey({ tenant, kind, id, ...narrowed });
      requireTenant(principal, key.tenant);
      const found = view.breaker(key);
      if (found === null) throw notFound();
      return breakerBody(found);
    },
  });
}

function tripRoute({ view, control }: Dependencies): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/breakers/trip',
    summary: 'Open a breaker by hand; it holds until somebody closes it, in shadow too.',
    access: OPERATORS,
    query: PREVIEW_QUERY,
    body: z.strictObject({ key: BREAKER_KEY, level: z.literal(LEVELS), ...ORDER_WORDS }),
    answer: ORDER.or(PREVIEW),
    handle: async ({ principal, query, body }) => {
      const { level, reason } = body;
      const key = held(orderKey(principal, body.key));
      const kind = KIND_OF_LEVEL[level];
      if (kind !== undefined && key.kind !== kind) {
        throw fieldProblem('level', `level ${level} is for a key of kind ${kind}`);
      }
      // Not even previewed: what it shows would not happen.
      if (key.kind === 'global') throw fieldProblem('key.kind', NO_GLOBAL_STOP);
      if (query.preview === 'true') return previewBody(view.preview(key, level));
      const actor = actorOf(principal, body.actor);
      const order = { type: 'trip', actor, reason, key, level } as const;
      return orderBody(view, (await control.command(key.tenant, order)) ?? key);
    },
  });
}

function resetRoute({ view, control }: Dependencies): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/breakers/reset',
    summary:
      'Close a breaker, if it is still at the epoch that was seen. Level 5 and above, and what ' +
      'is latched, take an approval, and come back by steps.',
    access: OPERATORS,
    query: PREVIEW_QUERY,
    body: z.strictObject({
      key: BREAKER_KEY,
      epoch: SEEN_EPOCH,
      ...ORDER_WORDS,
    }),
    answer: ORDER.or(PREVIEW),
    handle: async ({ principal, query, body }) => {
      const { epoch, reason } = body;
      const key = orderKey(principal, body.key);
      if (query.preview === 'true') {
        return previewBody(view.preview(control.recordedKey(key), 0));
      }
      const actor = actorOf(principal, body.actor);
      const order = { type: 'reset', actor, reason, key, epoch } as const;
      return orderBody(view, (await control.command(key.tenant, order)) ?? key);
    },
  });
}

/**
 * Brokers ask with the transaction or trace of an action as it has it, so a chain that is known by
 * anything else would be tripped in vain. A transaction that carries its kind as a chain id
 * (`txn:session:s-1`) is held as brokers have it.
 * @throws RequestProblem for a chain that no broker would ask for.
 */
function held(key: BreakerKey): BreakerKey {
  const local = key.kind === 'chain' ? kindOfLocalId(key.id) : null;
  if (local === null) return key;
  if (local === 'txn' || local === 'trace') return { ...key, id: key.id.slice(local.length + 1) };
  const instead = INSTEAD[local] ?? 'its session, token or agent';
  const message = `no broker asks for a chain by its ${WORD[local] ?? local}: trip ${instead}`;
  throw fieldProblem('key.id', message);
}

/** What holds such a chain, by the kind that its id carries. */
const INSTEAD: Readonly<Record<string, string>> = {
  session: 'the key of kind session with the id behind `session:`',
  jti: 'the key of kind token with the id behind `jti:`',
};
const WORD: Readonly<Record<string, string>> = { jti: 'token', call: 'tool call', ref: 'token' };

function previewBody(preview: BreakerPreview): PreviewBody {
  return {
    key: keyBody(preview.key),
    level: preview.level,
    present_level: preview.presentLevel,
    epoch: preview.epoch,
    needs_two_persons: preview.needsTwoPersons,
    agents: [...preview.agents],
    agents_in_all: preview.agentsInAll,
    held_already: preview.heldAlready,
    sessions: [...preview.sessions],
    sessions_in_all: preview.sessionsInAll,
    enforcement_points: [...preview.enforcementPoints],
  };
}
