import { JOIN_KINDS, type JoinKind } from '../../core/chain.ts';
import { type Hash, hashOf } from '../../core/hash.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { HashList } from '../hash-list.ts';
import { type ChainNode, rootOf } from './chain-node.ts';

/** Hashes of what was learned of chains within one span of log time. */
export interface KeyGeneration {
  /** Join keys, by kind: ids of different kinds may be equal and mean nothing by it. */
  readonly keys: HashList;
  /** The chain of each key, in the order of `keys`. */
  readonly chains: ChainNode[];
  /** Keys that brought chains together; the tag is how many. */
  readonly joins: HashList;
  /** Local ids told to be in a chain of another id. */
  readonly told: HashList;
}

/** The keys of one tenant's chains, in two generations: what neither saw is forgotten. */
export interface ChainKeys {
  young: KeyGeneration;
  old: KeyGeneration;
  /** Log time at which the young generation began. */
  since: EpochMs;
}

export function createKeys(): ChainKeys {
  return { young: createGeneration(0), old: createGeneration(0), since: 0 };
}

function createGeneration(expected: number): KeyGeneration {
  const list = (entries: number) => new HashList({ figures: 0, expected: entries });
  return { keys: list(expected), chains: [], joins: list(0), told: list(0) };
}

const KINDS = Object.fromEntries(JOIN_KINDS.map((kind) => [kind, hashOf(kind)])) as {
  readonly [Kind in JoinKind]: Hash;
};

/** The hash under which a key is remembered. */
export function keyOf(kind: JoinKind, id: string): Hash {
  return hashOf(id, KINDS[kind]);
}

/** The chain of a key; one of the old generation moves into the young. */
export function recall({ young, old }: ChainKeys, key: Hash): ChainNode | null {
  const known = chainAt(young, key);
  if (known !== null) return known;
  const forgotten = chainAt(old, key);
  if (forgotten !== null) add(young, key, forgotten);
  return forgotten;
}

export function learn({ young }: ChainKeys, key: Hash, chain: ChainNode): void {
  add(young, key, chain);
}

/** The chain of a key, which stays as old as it is: for those who only look. */
export function peek(keys: ChainKeys, kind: JoinKind, id: string): ChainNode | null {
  return look(keys, keyOf(kind, id));
}

/** The same by the hash of a key. */
export function look({ young, old }: ChainKeys, key: Hash): ChainNode | null {
  return chainAt(young, key) ?? chainAt(old, key);
}

function chainAt({ keys, chains }: KeyGeneration, key: Hash): ChainNode | null {
  const position = keys.find(key);
  const chain = position < 0 ? undefined : chains[position];
  return chain === undefined ? null : rootOf(chain);
}

function add({ keys, chains }: KeyGeneration, key: Hash, chain: ChainNode): void {
  keys.add(key, 0);
  chains.push(chain);
}

/** Past every limit it makes no difference how many more there are. */
const JOINS_COUNTED = Math.max(LIMITS.chainJoinsPerKey, LIMITS.chainJoinsPerTrace) + 2;

/** Counts a joining by this key; how many there were with it, up to beyond every limit. */
export function countJoin({ young, old }: ChainKeys, key: string): number {
  const hash = hashOf(key);
  const before = young.joins.tagOf(hash);
  if (before >= JOINS_COUNTED) return before;
  const joins = (before || old.joins.tagOf(hash)) + 1;
  young.joins.add(hash, joins);
  return joins;
}

/** Whether it was told that this local id stands for another; from now on it was. */
export function isTold({ young, old }: ChainKeys, id: string): boolean {
  const hash = hashOf(id);
  if (young.told.find(hash) >= 0) return true;
  young.told.add(hash, 0);
  return old.told.find(hash) >= 0;
}

/** Forgets what was used neither in this generation nor in the one before. */
export function expire(keys: ChainKeys, logTime: EpochMs): void {
  if (keys.since === 0) keys.since = logTime;
  const full = keys.young.keys.count >= LIMITS.chainKeys / 2;
  if (!full && logTime - keys.since < LIMITS.chainRetentionMs) return;
  keys.old = keys.young;
  // As large as the last: at a steady rate nothing has to grow.
  keys.young = createGeneration(keys.old.keys.count);
  keys.since = logTime;
}
