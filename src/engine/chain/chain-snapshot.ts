import type { ChainStep } from '../../core/chain-step.ts';
import { assert } from '../../core/errors.ts';
import type { EpochMs } from '../../core/time.ts';
import { chunked, spans } from '../chunks.ts';
import type { FrozenHashes } from '../hash-list.ts';
import { wordsOf, wordsText } from '../hash-text.ts';
import type { ChainIndex } from './chain-index.ts';
import type { KeyGeneration } from './chain-keys.ts';
import { type ChainNode, rootOf } from './chain-node.ts';
import { type CountedCall, restoreCall } from './counted-calls.ts';
import type { SourceTimes } from './sources.ts';

/** Keys and steps of one chunk, so that nothing big is ever stringified at once. */
const GENERATIONS = ['old', 'young'] as const;
type Generation = (typeof GENERATIONS)[number];

/** The chain index of a tenant as small plain values; nodes are numbered within one snapshot. */
export type ChainChunk =
  | {
      readonly part: 'index';
      readonly since: number;
      readonly overlooked: number;
      readonly settleAt: EpochMs | null;
      readonly sources: {
        readonly [Told in keyof ChainIndex['sources']]: readonly (readonly [string, SourceTimes])[];
      };
    }
  /** Number, id, sequence. */
  | { readonly part: 'nodes'; readonly nodes: readonly (readonly [number, string, number])[] }
  /** Keys as sixteen digits of base64url each, and the number of the chain of each. */
  | {
      readonly part: 'keys';
      readonly generation: Generation;
      readonly words: string;
      readonly chains: readonly number[];
    }
  | { readonly part: 'joins' | 'told'; readonly generation: Generation; readonly words: string }
  /** Number of its chain, and the rest of a call. */
  | {
      readonly part: 'calls';
      readonly calls: readonly (readonly [number, Omit<CountedCall, 'chain'>])[];
    }
  /** Number of its chain, the step, and whether it waits to be settled. */
  | { readonly part: 'steps'; readonly steps: readonly (readonly [number, ChainStep, boolean])[] };

/** The index as of one moment; nothing in it changes when chains merge or learn. */
export interface FrozenChains {
  readonly first: ChainChunk;
  readonly generations: { readonly [Each in Generation]: FrozenGeneration };
  readonly calls: readonly (readonly [ChainNode, Omit<CountedCall, 'chain'>])[];
  readonly steps: readonly (readonly [ChainNode, ChainStep, boolean])[];
}

interface FrozenGeneration {
  readonly keys: FrozenHashes;
  /** The chain of each key, as it was merged at that moment. */
  readonly chains: readonly ChainNode[];
  readonly joins: FrozenHashes;
  readonly told: FrozenHashes;
}

/** Quick, for the fold waits: hashes are shared, and of nodes only the roots are looked up. */
export function freezeChains(index: ChainIndex): FrozenChains {
  const { since, sources, held, counted } = index;
  return {
    first: {
      part: 'index',
      since,
      overlooked: held.overlooked,
      settleAt: held.settleAt,
      sources: {
        decisions: copied(sources.decisions),
        tokens: copied(sources.tokens),
        executions: copied(sources.executions),
      },
    },
    generations: { old: frozen(index.old), young: frozen(index.young) },
    calls: Array.from(counted.queue.values(), ({ chain, ...call }) => [rootOf(chain), call]),
    steps: Array.from(held.queue.values(), ({ chain, step }) => [
      rootOf(chain),
      step,
      held.waiting.has(step.seq),
    ]),
  };
}

function frozen({ keys, chains, joins, told }: KeyGeneration): FrozenGeneration {
  return {
    keys: keys.frozen(),
    // Most chains are nobody's part: those cost no call.
    chains: chains.map((chain) => (chain.into === null ? chain : rootOf(chain))),
    joins: joins.frozen(),
    told: told.frozen(),
  };
}

export function* chainChunks(state: FrozenChains): Generator<ChainChunk> {
  yield state.first;
  const numbers = numbered(state);
  const nodes = numbers.entries().map(([{ id, seq }, number]) => [number, id, seq] as const);
  for (const chunk of chunked(nodes)) yield { part: 'nodes', nodes: chunk };
  const numberOf = (node: ChainNode): number => numbers.get(node) ?? -1;
  for (const generation of GENERATIONS) {
    const { keys, chains, joins, told } = state.generations[generation];
    for (const [from, until] of spans(keys.count)) {
      const words = wordsText(keys, from, until);
      yield { part: 'keys', generation, words, chains: chains.slice(from, until).map(numberOf) };
    }
    for (const [part, hashes] of [
      ['joins', joins],
      ['told', told],
    ] as const) {
      for (const [from, until] of spans(hashes.count)) {
        yield { part, generation, words: wordsText(hashes, from, until) };
      }
    }
  }
  const calls = state.calls.values().map(([chain, call]) => [numberOf(chain), call] as const);
  for (const chunk of chunked(calls)) yield { part: 'calls', calls: chunk };
  const steps = state.steps.values().map(([chain, ...rest]) => [numberOf(chain), ...rest] as const);
  for (const chunk of chunked(steps)) yield { part: 'steps', steps: chunk };
}

/** Chains by the order in which they are met. */
function numbered({ generations, calls, steps }: FrozenChains): ReadonlyMap<ChainNode, number> {
  const numbers = new Map<ChainNode, number>();
  const meet = (node: ChainNode): void => {
    if (!numbers.has(node)) numbers.set(node, numbers.size);
  };
  for (const generation of GENERATIONS) generations[generation].chains.forEach(meet);
  for (const [chain] of calls) meet(chain);
  for (const [chain] of steps) meet(chain);
  return numbers;
}

function copied(
  sources: ReadonlyMap<string, SourceTimes>,
): readonly (readonly [string, SourceTimes])[] {
  return [...sources].map(([id, times]) => [id, { ...times }] as const);
}

/** Takes the chunks of one tenant in the order they were yielded. */
export function restoreChains(index: ChainIndex, chunk: ChainChunk): void {
  const nodes = index.restoring;
  switch (chunk.part) {
    case 'index':
      index.since = chunk.since;
      index.held.overlooked = chunk.overlooked;
      index.held.settleAt = chunk.settleAt;
      for (const told of ['decisions', 'tokens', 'executions'] as const) {
        for (const [id, times] of chunk.sources[told]) index.sources[told].set(id, times);
      }
      return;
    case 'nodes':
      for (const [number, id, seq] of chunk.nodes) {
        nodes.set(number, { id, seq, into: null, steps: null });
      }
      return;
    case 'keys': {
      const { keys, chains } = index[chunk.generation];
      keys.addAll(hashesOf(chunk.words));
      for (const number of chunk.chains) {
        const chain = nodes.get(number);
        assert(chain !== undefined, 'the chains come before their keys');
        chains.push(chain);
      }
      return;
    }
    case 'joins':
    case 'told':
      index[chunk.generation][chunk.part].addAll(hashesOf(chunk.words));
      return;
    case 'calls':
      for (const [number, call] of chunk.calls) {
        const chain = nodes.get(number);
        if (chain !== undefined) restoreCall(index.counted, { ...call, chain });
      }
      return;
    case 'steps':
      for (const [number, step, waits] of chunk.steps) {
        const chain = nodes.get(number);
        if (chain === undefined) continue;
        chain.steps ??= [];
        chain.steps.push(step);
        const one = { chain, step };
        index.held.queue.set(step.seq, one);
        if (waits) index.held.waiting.set(step.seq, one);
      }
  }
}

function hashesOf(text: string): FrozenHashes {
  const words = wordsOf(text);
  return { count: words.length / 3, words, figures: new Float64Array(0) };
}
