import { hash as hashOf } from 'node:crypto';
import type { BreakerKey, BreakerLevel, BreakerPhase } from '../../core/breaker.ts';
import { breakerKeyText } from '../../core/breaker.ts';

/**
 * Fingerprint of the open breakers of one tenant, kept up in constant time per change: the XOR of
 * the SHA-256 of one line per breaker that is not closed, `<key text> <phase> <level> <epoch>`.
 * It tells a subscriber that its copy has drifted. It is no signature: whoever can write to the
 * connection can also write the hash.
 */
export interface OpenSetHash {
  /** How many breakers are not closed. */
  readonly open: number;
  /** Puts, replaces or (phase `closed`) removes one breaker. */
  set(breaker: OpenBreaker): void;
  /** 64 hex digits; all zero for an empty set. */
  hex(): string;
}

export interface OpenBreaker {
  readonly key: BreakerKey;
  readonly phase: BreakerPhase;
  readonly level: BreakerLevel;
  readonly epoch: number;
}

export function createOpenSetHash(breakers: Iterable<OpenBreaker>): OpenSetHash {
  const digests = new Map<string, Buffer>();
  const sum = Buffer.alloc(32);
  const hash: OpenSetHash = {
    get open() {
      return digests.size;
    },
    set: (breaker) => {
      const text = breakerKeyText(breaker.key);
      const before = digests.get(text);
      if (before) xorInto(sum, before);
      digests.delete(text);
      if (breaker.phase === 'closed') return;
      const line = `${text} ${breaker.phase} ${breaker.level} ${breaker.epoch}`;
      const digest = hashOf('sha256', line, 'buffer');
      digests.set(text, digest);
      xorInto(sum, digest);
    },
    hex: () => sum.toString('hex'),
  };
  for (const breaker of breakers) hash.set(breaker);
  return hash;
}

function xorInto(sum: Buffer, digest: Buffer): void {
  for (let index = 0; index < sum.length; index += 1) {
    sum[index] = (sum[index] ?? 0) ^ (digest[index] ?? 0);
  }
}
