import { setImmediate as nextTurn } from 'node:timers/promises';
import { chainIdOf } from '../../core/chain.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ChainRow, StoredChain } from '../../ports/store.ts';
import {
  type CarryingChain,
  type ChainReader,
  followChain,
  type LocalChain,
  linkIdsOf,
} from '../follow-chain.ts';
import { carryingStatement, chainStatement, linksStatement, type Statement } from './queries.ts';
import type { SqlRow } from './sql-executor.ts';
import { chainRowOf, linkOf, textOf } from './sql-rows.ts';

type Run = (statement: Statement) => Promise<readonly SqlRow[]>;

/** One chain, by any of its ids. */
export async function chainOf(
  run: Run,
  tenants: readonly string[] | '*',
  id: string,
  limit: number,
): Promise<StoredChain> {
  const reader: ChainReader = {
    carrying: async (ids) => (await run(carryingStatement(tenants, ids))).map(carryingOf),
    links: async (ids) => (await run(linksStatement(tenants, ids))).map(linkOf),
  };
  const { locals, links, others } = await followChain(id.toWellFormed(), reader);
  if (locals.length === 0) return { rows: [], links: [], others };
  return { rows: (await run(chainStatement(locals, limit))).map(chainRowOf), links, others };
}

/**
 * Many chains, each as `chainOf` reads it in its tenant. They are followed side by side, and what
 * they all ask next is one statement, so that a page of chains costs little more than one.
 */
export function wholeChains(
  run: Run,
  asked: readonly LocalChain[],
  limit: number,
): Promise<readonly StoredChain[]> {
  const tenants = [...new Set(asked.map(({ tenant }) => tenant))];
  const carrying = together(async (ids: readonly string[]) =>
    (await run(carryingStatement(tenants, ids, 'each'))).map(carryingOf),
  );
  const links = together(async (ids: readonly string[]) =>
    (await run(linksStatement(tenants, ids, asked.length))).map(linkOf),
  );
  const rows = together(async (locals: readonly LocalChain[]) =>
    (await run(chainStatement(locals, limit, 'each'))).map(chainRowOf),
  );
  const readerOf = (tenant: string): ChainReader => ({
    carrying: async (ids) => {
      const places = new Map(ids.map((id, place) => [id, place]));
      const placeOf = ({ id }: CarryingChain): number => places.get(id) ?? ids.length;
      return (await carrying(ids))
        .filter((each) => each.tenant === tenant && places.has(each.id))
        .sort((one, other) => placeOf(one) - placeOf(other))
        .slice(0, LIMITS.chainAliases);
    },
    links: async (ids) => {
      const wanted = new Set(ids);
      const isWanted = (id: string): boolean => wanted.has(id);
      return (await links(ids)).filter(
        ({ tenant: of, link }) => of === tenant && linkIdsOf(link).some(isWanted),
      );
    },
  });
  return Promise.all(
    asked.map(async ({ tenant, chain }): Promise<StoredChain> => {
      const followed = await followChain(chain.toWellFormed(), readerOf(tenant));
      const { locals, links: joining, others } = followed;
      if (locals.length === 0) return { rows: [], links: [], others };
      const wanted = new Set(locals.map(keyOf));
      const isIts = ({ event }: ChainRow): boolean =>
        wanted.has(keyOf({ tenant: event.tenant.id, chain: chainIdOf(event) }));
      const own = (await rows(locals)).filter(isIts).slice(0, limit);
      return { rows: own, links: joining, others };
    }),
  );
}

/** What is asked for in one turn of the event loop is asked for once; each asker is told all. */
function together<Asked, Answer>(
  ask: (all: readonly Asked[]) => Promise<readonly Answer[]>,
): (asked: readonly Asked[]) => Promise<readonly Answer[]> {
  let waiting: { readonly all: Asked[]; readonly answer: Promise<readonly Answer[]> } | null = null;
  return (asked) => {
    if (waiting === null) {
      const all: Asked[] = [];
      const answer = nextTurn().then(() => {
        waiting = null;
        return ask([...new Set(all)]);
      });
      waiting = { all, answer };
    }
    waiting.all.push(...asked);
    return waiting.answer;
  };
}

function carryingOf(row: SqlRow): CarryingChain {
  return { tenant: textOf(row, 'tenant'), chain: textOf(row, 'chain'), id: textOf(row, 'id') };
}

function keyOf({ tenant, chain }: LocalChain): string {
  return `${tenant}\n${chain}`;
}
