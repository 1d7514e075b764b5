import type { ChainLink } from '../core/chain.ts';
import { LIMITS } from '../core/limits.ts';

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

/** The questions a store answers so that a chain can be followed. */
export interface ChainReader {
  /** Local chains of the events that carry this id in any way. */
  carrying(id: string): Promise<readonly LocalChain[]>;
  /** Links whose alias, chain or key is one of these. */
  links(ids: readonly string[]): Promise<readonly StoredLink[]>;
}

/** Merges nest no deeper in practice; each round follows all of one generation. */
const ROUNDS = 8;

/** Every local id of the chain that `id` belongs to, with what joined them. */
export async function followChain(
  id: string,
  reader: ChainReader,
): Promise<{ readonly locals: readonly LocalChain[]; readonly links: readonly StoredLink[] }> {
  const locals = new Map<string, LocalChain>();
  const links = new Map<number, StoredLink>();
  const add = (local: LocalChain, next: Set<string>): void => {
    const key = keyOf(local);
    if (locals.has(key) || locals.size >= LIMITS.chainAliases) return;
    locals.set(key, local);
    next.add(local.chain);
  };
  let frontier = new Set([id]);
  for (const local of await reader.carrying(id)) add(local, frontier);
  for (let round = 0; round < ROUNDS && frontier.size > 0; round += 1) {
    const next = new Set<string>();
    for (const stored of await reader.links([...frontier])) {
      const { tenant, link } = stored;
      const alias = { tenant, chain: link.alias };
      const chain = { tenant, chain: link.chain };
      const reached = [alias, chain].some((one) => one.chain === id || locals.has(keyOf(one)));
      if (!reached && link.key !== id) continue;
      links.set(stored.seq, stored);
      if (link.type === 'shared') continue;
      add(alias, next);
      add(chain, next);
    }
    frontier = next;
  }
  return { locals: [...locals.values()], links: [...links.values()].sort(bySeq) };
}

function bySeq(a: StoredLink, b: StoredLink): number {
  return a.seq - b.seq;
}

function keyOf({ tenant, chain }: LocalChain): string {
  return `${tenant}\n${chain}`;
}
