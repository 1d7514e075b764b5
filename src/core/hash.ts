/** 64 bits that stand for a text, as two signed words: those of V8 need no room of their own. */
export interface Hash {
  readonly high: number;
  readonly low: number;
}

const ALONE: Hash = { high: 0, low: 0 };

/**
 * Two multiplicative hashes over the UTF-16 units, mixed at the end as MurmurHash3 does (Appleby,
 * public domain). `within` tells texts of different meaning apart without joining strings first. It
 * is neither keyed nor cryptographic: against one known text a collision takes some 2^64 tries to
 * find, a pair that collides far fewer, so who needs proof against those compares content as well.
 */
export function hashOf(text: string, within: Hash = ALONE): Hash {
  let high = 0x9e3779b9 ^ within.high;
  let low = 0x85ebca6b ^ within.low;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    high = (high << 13) | (high >>> 19);
    low = Math.imul(low ^ unit, 0x5f356495);
    low = (low << 15) | (low >>> 17);
  }
  return ended(high, low, text.length);
}

/** `hashOf` of these lines joined by newlines, which nobody has to write down for it. */
export function hashOfLines(lines: readonly string[]): Hash {
  let high = 0x9e3779b9 | 0;
  let low = 0x85ebca6b | 0;
  let length = lines.length - 1;
  for (let line = 0; line < lines.length; line += 1) {
    const text = lines[line] ?? '';
    length += text.length;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      high = Math.imul(high ^ unit, 0x9e3779b1);
      high = (high << 13) | (high >>> 19);
      low = Math.imul(low ^ unit, 0x5f356495);
      low = (low << 15) | (low >>> 17);
    }
    if (line === lines.length - 1) break;
    high = Math.imul(high ^ NEWLINE, 0x9e3779b1);
    high = (high << 13) | (high >>> 19);
    low = Math.imul(low ^ NEWLINE, 0x5f356495);
    low = (low << 15) | (low >>> 17);
  }
  return ended(high, low, length);
}

const NEWLINE = 10;

function ended(high: number, low: number, length: number): Hash {
  const first = mixed(high ^ length);
  const second = mixed(low ^ Math.imul(first, 0x27d4eb2f));
  return { high: mixed(first ^ second), low: second };
}

/** A fact about a fact: order matters. */
export function combined(left: Hash, right: Hash): Hash {
  return {
    high: mixed(Math.imul(left.high, 0x85ebca6b) ^ right.low),
    low: mixed(Math.imul(left.low, 0xc2b2ae35) ^ right.high ^ 0x27d4eb2f),
  };
}

function mixed(word: number): number {
  let mixing = word ^ (word >>> 16);
  mixing = Math.imul(mixing, 0x85ebca6b);
  mixing ^= mixing >>> 13;
  mixing = Math.imul(mixing, 0xc2b2ae35);
  return mixing ^ (mixing >>> 16);
}
