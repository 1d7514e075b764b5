import { type ChainLink, localIdOf } from '../core/chain.ts';
import { LIMITS } from '../core/limits.ts';
import { askedIdsOf, eventIdText } from './chain-ids.ts';

/** A local chain id in its tenant; the same id in another one is another chain. */
export interface LocalChain {
  readonly tenant: string;
  readonly chain: string;
}

export interface StoredLink {
  readonly seq: number;
  readonly tenant: string;
  readonly link: ChainLink;
}

/** A local chain and the id by which it was found. */
export interface CarryingChain extends LocalChain {
  readonly id: string;
}

/** The questions a store answers so that a chain can be followed. */
export interface ChainReader {
  /**
   * Local chains of the events that carry one of these ids of `chainIdsOf`, once for each: those of
   * the first id first, and of each the earliest first.
   */
  carrying(ids: readonly string[]): Promise<readonly CarryingChain[]>;
  /** Links of which one of these is among the `linkIdsOf`. */
  links(ids: readonly string[]): Promise<readonly StoredLink[]>;
}

/** Merges nest no deeper in practice; each round follows all of one generation. */
const ROUNDS = 8;

/** The ids by which a link is found: its two chains, and the key with its kind. */
export function linkIdsOf({ alias, chain, by, key }: ChainLink): readonly string[] {
  return [...new Set([alias, chain, localIdOf({ kind: by, id: key })])];
}

export interface FollowedChain {
  readonly locals: readonly LocalChain[];
  readonly links: readonly StoredLink[];
  readonly others: readonly LocalChain[];
}

/**
 * Every local id of the chain that `id` belongs to, with what joined them. Where an id means more
 * than one thing in a tenant, the strongest kind counts, and of several events the
 * earliest; what else it may mean are the `others`.
 */
export async function followChain(id: string, reader: ChainReader): Promise<FollowedChain> {
  const asked = askedIdsOf(id);
  const carrying = await reader.carrying(asked);
  const { isMeant, isAsked } = meaningOf(id, asked, carrying);
  const locals = new Map<string, LocalChain>();
  const links = new Map<number, StoredLink>();
  const add = (local: LocalChain, next: Set<string>): void => {
    const key = keyOf(local);
    if (locals.has(key) || locals.size >= LIMITS.chainAliases) return;
    locals.set(key, local);
    next.add(local.chain);
  };
  let frontier = new Set(asked);
  for (const each of carrying.filter(isMeant)) {
    add({ tenant: each.tenant, chain: each.chain }, frontier);
  }
  for (let round = 0; round < ROUNDS && frontier.size > 0; round += 1) {
    const next = new Set<string>();
    for (const stored of await reader.links([...frontier])) {
      const { tenant, link } = stored;
      const alias = { tenant, chain: link.alias };
      const chain = { tenant, chain: link.chain };
      const isNamed = linkIdsOf(link).some((text) => isAsked(tenant, text));
      if (!isNamed && !locals.has(keyOf(alias)) && !locals.has(keyOf(chain))) continue;
      links.set(stored.seq, stored);
      if (link.type === 'shared') continue;
      add(alias, next);
      add(chain, next);
    }
    frontier = next;
  }
  const rest = carrying.filter((each) => !isMeant(each) && !locals.has(keyOf(each)));
  return {
    locals: [...locals.values()],
    links: [...links.values()].sort(bySeq),
    others: othersOf(rest, eventIdText(id)),
  };
}

/** What an id means in each tenant: the first of what was found there, or anything it may. */
function meaningOf(id: string, asked: readonly string[], carrying: readonly CarryingChain[]) {
  const meant = new Map<string, CarryingChain>();
  for (const each of carrying) if (!meant.has(each.tenant)) meant.set(each.tenant, each);
  return {
    isMeant: (each: CarryingChain): boolean => {
      const first = meant.get(each.tenant);
      return first?.id === eventIdText(id) ? each === first : each.id === first?.id;
    },
    isAsked: (tenant: string, text: string): boolean => {
      const first = meant.get(tenant);
      return first === undefined ? asked.includes(text) : first.id === text;
    },
  };
}

/** A key stands for all of its chains; an event for its own, since its bare id is not one. */
function othersOf(rest: readonly CarryingChain[], eventText: string): readonly LocalChain[] {
  const others = rest.map(({ tenant, chain, id }) => ({
    tenant,
    chain: id === eventText ? chain : id,
  }));
  const byText = new Map(others.map((other) => [keyOf(other), other]));
  return [...byText.values()].slice(0, LIMITS.chainsOfOneId);
}

function bySeq(a: StoredLink, b: StoredLink): number {
  return a.seq - b.seq;
}

function keyOf({ tenant, chain }: LocalChain): string {
  return `${tenant}\n${chain}`;
}
