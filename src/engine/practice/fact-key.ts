/** 64 bits that stand for a text. */
export interface FactKey {
  readonly high: number;
  readonly low: number;
}

export function factKey(high: number, low: number): FactKey {
  return { high, low };
}

/**
 * Hashes a text to 64 bits: two multiplicative lanes over UTF-16 code units with the finaliser of
 * MurmurHash3 (Appleby). Not keyed, so a sender can search for a collision with one known fact;
 * against 512 facts of an agent that takes 2^55 tries, and gains it one unnoticed novelty.
 */
export function hashOf(text: string, seed = 0): FactKey {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ seed;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x5f356495);
    low ^= low >>> 15;
  }
  return { high: finished(high ^ (low >>> 16)), low: finished(low ^ text.length) };
}

/** A fact about a fact: order matters. */
export function combined(left: FactKey, right: FactKey): FactKey {
  return {
    high: finished(Math.imul(left.high, 0x85ebca6b) ^ right.low),
    low: finished(Math.imul(left.low, 0xc2b2ae35) ^ right.high ^ 0x27d4eb2f),
  };
}

function finished(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
