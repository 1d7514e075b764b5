import type { ChainStep } from '../../core/chain-step.ts';
import type { EpochMs } from '../../core/time.ts';

/** One chain, or what became part of an older one: then `into` leads there. */
export interface ChainNode {
  /** Local id of its oldest event by order of the log. */
  readonly id: string;
  /** Sequence of that event. */
  readonly seq: number;
  into: ChainNode | null;
  /** Records still held for the judgement, in order of the log; null where none are. */
  steps: ChainStep[] | null;
}

/** The chain that this one has become part of, or itself. */
export function rootOf(node: ChainNode): ChainNode {
  let root = node;
  while (root.into !== null) root = root.into;
  // What lay on the way leads straight to it from now on.
  for (let at: ChainNode | null = node; at !== null && at !== root; ) {
    const next: ChainNode | null = at.into;
    at.into = root;
    at = next;
  }
  return root;
}

/** The place of an event in the log. */
export interface LogPlace {
  readonly seq: number;
  readonly loggedAt: EpochMs;
}
