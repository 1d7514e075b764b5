import * as z from 'zod';
import { VERDICTS } from '../../core/access-event.ts';
import { chainIdOf, localIdOf, sessionInWaiting, vouchedTenants } from '../../core/chain.ts';
import { CHAIN_GAP_REASONS } from '../../core/chain-links.ts';
import { LIMITS } from '../../core/limits.ts';
import { DAY_MS } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Control } from '../../ports/control.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import type { Store, StoredChain } from '../../ports/store.ts';
import { READERS, visibleTenants } from '../auth.ts';
import { chainBody } from '../chain-body.ts';
import { chainList } from '../chain-list.ts';
import { CHAIN_ID, CURSOR, IDENTIFIER, INSTANT, wholeNumber } from '../parameters.ts';
import { notFound } from '../problem.ts';
import { recordedIds } from '../recorded-id.ts';
import { defineRoute, type Route } from '../route.ts';
import { CHAIN, CHAIN_SUMMARY, pageOf } from '../schemas.ts';

const DEFAULT_ROWS = 25;

export function chainRoutes(given: {
  readonly store: Store;
  readonly view: EngineView;
  readonly control: Pick<Control, 'recordedKey'>;
  readonly clock: Clock;
}): readonly Route[] {
  const { store, view, clock } = given;
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/chains',
      summary:
        'Chains, the latest first: by tenant, agent, time, what is missing (`gap`) and verdict. ' +
        'Without `since`, those of the last day. A page may be short of `limit`; `next` goes on.',
      access: READERS,
      query: z.strictObject({
        tenant: IDENTIFIER.optional(),
        agent: IDENTIFIER.optional(),
        since: INSTANT.optional(),
        until: INSTANT.optional(),
        gap: z.enum(['any', ...CHAIN_GAP_REASONS]).optional(),
        verdict: z.enum(VERDICTS).optional(),
        limit: wholeNumber(1, LIMITS.chainRows).default(DEFAULT_ROWS),
        cursor: CURSOR.optional(),
      }),
      answer: pageOf(CHAIN_SUMMARY),
      handle: ({ principal, query }) => {
        const { agent, until, gap, verdict, limit, cursor } = query;
        const since = query.since ?? (until ?? clock.now()) - DAY_MS;
        return chainList(store, view, {
          tenants: visibleTenants(principal, query.tenant),
          since,
          limit,
          ...(agent === undefined ? {} : { agent }),
          ...(until === undefined ? {} : { until }),
          ...(gap === undefined ? {} : { gap }),
          ...(verdict === undefined ? {} : { verdict }),
          ...(cursor === undefined ? {} : { cursor }),
        });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/chains/:id',
      summary:
        'One request from end to end, by chain, trace, transaction, token, decision, approval, ' +
        'tool call, request, session or event id; by `tenant` where several have the id. Where ' +
        'it means several chains, the strongest kind is shown and `others` lists the rest.',
      access: READERS,
      params: z.strictObject({ id: CHAIN_ID }),
      query: z.strictObject({ tenant: IDENTIFIER.optional() }),
      answer: CHAIN,
      handle: async ({ principal, params: { id }, query }) => {
        const visible = visibleTenants(principal, query.tenant);
        const whole = await chainByAnyName(given, visible, id);
        const { tenants, stored, unrelatedTenants } = together(whole);
        const truncated = whole.rows.length > LIMITS.chainSteps;
        const rows = stored.rows.slice(0, LIMITS.chainSteps);
        const chains = [...new Set(rows.map(({ event }) => chainIdOf(event)))];
        const found = await store.findings({ tenants, chains, limit: LIMITS.pageRows });
        const body = chainBody({
          asked: id,
          stored: { ...stored, rows },
          findings: found.rows,
          clock: view.chainClock(tenants[0] ?? ''),
          truncated,
          unrelatedTenants,
        });
        if (body === null) throw notFound();
        return body;
      },
      shows: ({ tenants, id }) => tenants.map((tenant) => ({ tenant, kind: 'chain', id })),
    }),
  ];
}

/** By its id as recorded, or as brokers write it. */
async function chainByAnyName(
  given: Parameters<typeof chainRoutes>[0],
  visible: readonly string[] | '*',
  id: string,
): Promise<StoredChain> {
  let found: StoredChain = { rows: [], links: [], others: [] };
  for (const name of recordedIds(given, visible, id)) {
    found = await wholeChain(given.store, name.tenants, name.id);
    if (found.rows.length > 0) break;
  }
  return found;
}

/** What waits for a trace to claim it is shown with its session: it falls to that otherwise. */
export async function wholeChain(
  store: Store,
  visible: readonly string[] | '*',
  id: string,
): Promise<StoredChain> {
  const found = await store.chain(visible, id, LIMITS.chainSteps + 1);
  const sessions = new Set(found.rows.map(({ event }) => sessionInWaiting(event)));
  const [session] = sessions;
  if (sessions.size !== 1 || !session) return found;
  const local = localIdOf({ kind: 'session', id: session });
  const whole = await store.chain(visible, local, LIMITS.chainSteps + 1);
  const others = found.others.filter(({ chain }) => chain !== local);
  return { ...whole, others };
}

/** The part of the first record's tenant, with those that evidence of trust joins to it. */
export function together({ rows, links, others }: StoredChain): {
  readonly tenants: readonly string[];
  readonly stored: StoredChain;
  readonly unrelatedTenants: readonly string[];
} {
  const events = rows.map(({ event }) => event);
  const tenants = events[0] === undefined ? [] : vouchedTenants(events, events[0].tenant.id);
  const isOf = (tenant: string): boolean => tenants.includes(tenant);
  const all = new Set(events.map((event) => event.tenant.id));
  return {
    tenants,
    stored: {
      rows: rows.filter(({ event }) => isOf(event.tenant.id)),
      links: links.filter(({ tenant }) => isOf(tenant)),
      others: others.filter(({ tenant }) => isOf(tenant)),
    },
    unrelatedTenants: [...all].filter((tenant) => !isOf(tenant)),
  };
}
