import type { Reject } from '../../src/core/reject.ts';

/** What a decoder made of a mutated input. */
export interface Decoded {
  readonly events: readonly unknown[];
  readonly rejects: readonly Reject[];
}

/** One decoder and what it is fed mutations of. */
export interface FuzzTarget {
  readonly name: string;
  readonly seed: Buffer;
  readonly decode: (bytes: Buffer) => Decoded | Promise<Decoded>;
}

/** When the fixtures are received: near the times that they state. */
export const RECEIVED_AT = 1_795_251_600_000;
