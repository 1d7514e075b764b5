import { JOIN_KINDS, type JoinKind } from '../../core/chain.ts';
import type { ChainStep } from '../../core/chain-step.ts';
import type { ChainIndex } from './chain-index.ts';
import { type ChainNode, rootOf } from './chain-node.ts';
import { type CountedCall, restoreCall } from './counted-calls.ts';
import type { SourceTimes } from './sources.ts';

/** Keys and steps of one chunk, so that nothing big is ever stringified at once. */
const ITEMS_PER_CHUNK = 1_000;
const GENERATIONS = ['old', 'young'] as const;

/** The chain index of a tenant as small plain values; nodes are numbered within one snapshot. */
export type ChainChunk =
  | {
      readonly part: 'index';
      readonly since: number;
      readonly youngKeys: number;
      readonly overlooked: number;
      readonly sources: {
        readonly [Told in keyof ChainIndex['sources']]: readonly (readonly [string, SourceTimes])[];
      };
    }
  /** Number, id, sequence. */
  | { readonly part: 'nodes'; readonly nodes: readonly (readonly [number, string, number])[] }
  /** Key, number of its chain. */
  | {
      readonly part: 'keys';
      readonly generation: 'old' | 'young';
      readonly kind: JoinKind;
      readonly keys: readonly (readonly [string, number])[];
    }
  | {
      readonly part: 'joins';
      readonly generation: 'old' | 'young';
      readonly joins: readonly (readonly [string, number])[];
    }
  | {
      readonly part: 'told';
      readonly generation: 'old' | 'young';
      readonly told: readonly string[];
    }
  /** Number of its chain, and the rest of a call. */
  | {
      readonly part: 'calls';
      readonly calls: readonly (readonly [number, Omit<CountedCall, 'chain'>])[];
    }
  | { readonly part: 'steps'; readonly steps: readonly (readonly [number, ChainStep])[] };

export function* snapshotChains(index: ChainIndex): Generator<ChainChunk> {
  const { since, youngKeys, sources, held } = index;
  yield {
    part: 'index',
    since,
    youngKeys,
    overlooked: held.overlooked,
    sources: {
      decisions: copied(sources.decisions),
      tokens: copied(sources.tokens),
      executions: copied(sources.executions),
    },
  };
  const numbers = new Map<ChainNode, number>();
  yield* nodeChunks(index, numbers);
  const numberOf = (node: ChainNode): number => numbers.get(rootOf(node)) ?? -1;
  for (const generation of GENERATIONS) {
    for (const kind of JOIN_KINDS) {
      const known = index[generation][kind].entries();
      const keys = known.map(([id, chain]) => [id, numberOf(chain)] as const);
      for (const chunk of chunked(keys)) yield { part: 'keys', generation, kind, keys: chunk };
    }
  }
  for (const generation of GENERATIONS) {
    for (const joins of chunked(index[`${generation}Joins`])) {
      yield { part: 'joins', generation, joins };
    }
    for (const told of chunked(index[`${generation}Told`]))
      yield { part: 'told', generation, told };
  }
  const calls = index.counted.queue.values().map(({ chain, ...call }) => {
    return [numberOf(chain), call] as const;
  });
  for (const chunk of chunked(calls)) yield { part: 'calls', calls: chunk };
  const steps = held.queue.values().map(({ chain, step }) => [numberOf(chain), step] as const);
  for (const chunk of chunked(steps)) yield { part: 'steps', steps: chunk };
}

function copied(
  sources: ReadonlyMap<string, SourceTimes>,
): readonly (readonly [string, SourceTimes])[] {
  return [...sources].map(([id, times]) => [id, { ...times }] as const);
}

function* nodeChunks(index: ChainIndex, numbers: Map<ChainNode, number>): Generator<ChainChunk> {
  const seen = (node: ChainNode): void => {
    const root = rootOf(node);
    if (!numbers.has(root)) numbers.set(root, numbers.size);
  };
  for (const generation of GENERATIONS) {
    for (const kind of JOIN_KINDS) index[generation][kind].forEach(seen);
  }
  for (const { chain } of index.counted.queue.values()) seen(chain);
  for (const { chain } of index.held.queue.values()) seen(chain);
  const nodes = numbers.entries().map(([node, number]) => [number, node.id, node.seq] as const);
  for (const chunk of chunked(nodes)) yield { part: 'nodes', nodes: chunk };
}

/** Takes the chunks of one tenant in the order they were yielded. */
export function restoreChains(index: ChainIndex, chunk: ChainChunk): void {
  const nodes = index.restoring;
  switch (chunk.part) {
    case 'index':
      index.since = chunk.since;
      index.youngKeys = chunk.youngKeys;
      index.held.overlooked = chunk.overlooked;
      for (const told of ['decisions', 'tokens', 'executions'] as const) {
        for (const [id, times] of chunk.sources[told]) index.sources[told].set(id, times);
      }
      return;
    case 'nodes':
      for (const [number, id, seq] of chunk.nodes) {
        nodes.set(number, { id, seq, into: null, steps: null });
      }
      return;
    case 'keys':
      for (const [id, number] of chunk.keys) {
        const chain = nodes.get(number);
        if (chain !== undefined) index[chunk.generation][chunk.kind].set(id, chain);
      }
      return;
    case 'joins':
      for (const [key, joins] of chunk.joins) index[`${chunk.generation}Joins`].set(key, joins);
      return;
    case 'told':
      for (const id of chunk.told) index[`${chunk.generation}Told`].add(id);
      return;
    case 'calls':
      for (const [number, call] of chunk.calls) {
        const chain = nodes.get(number);
        if (chain !== undefined) restoreCall(index.counted, { ...call, chain });
      }
      return;
    case 'steps':
      for (const [number, step] of chunk.steps) {
        const chain = nodes.get(number);
        if (chain === undefined) continue;
        chain.steps ??= [];
        chain.steps.push(step);
        index.held.queue.set(step.seq, { chain, step });
      }
  }
}

function* chunked<Item>(items: Iterable<Item>): Generator<readonly Item[]> {
  let chunk: Item[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < ITEMS_PER_CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
