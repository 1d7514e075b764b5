import type { Random } from '../../src/demo/random.ts';

/**
 * Flips, cuts, doubles and splices bytes, or, half of the time where `seed` is one JSON value,
 * replaces one to three of its members by odd ones.
 */
export function mutate(seed: Buffer, random: Random): Buffer {
  const text = seed.toString('utf8');
  if (random.next() < 0.5 && /^\s*[[{]/.test(text)) {
    const changed = structured(text, random);
    if (changed !== null) return changed;
  }
  let bytes = Buffer.from(seed);
  for (let round = random.integer(1, 6); round > 0 && bytes.length > 0; round--) {
    const at = random.integer(0, bytes.length - 1);
    const end = Math.min(bytes.length, at + random.integer(1, 40));
    const kind = random.integer(0, 5);
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7));
    else if (kind === 1) bytes[at] = random.pick(ODD_BYTES);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    else if (kind === 3) bytes = bytes.subarray(0, at);
    else {
      const other = random.integer(0, bytes.length - 1);
      const piece = bytes.subarray(at, end);
      bytes = Buffer.concat([bytes.subarray(0, other), piece, bytes.subarray(other)]);
    }
  }
  return bytes;
}

const ODD_BYTES = [0, 0x7f, 0x80, 0xff, 0x22, 0x5c, 0x7b, 0x5b, 0x2c, 0x0a, 0xed] as const;

/** One to three values of a JSON text replaced by odd ones; null when it is not one JSON value. */
function structured(text: string, random: Random): Buffer | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  for (let round = random.integer(1, 3); round > 0; round--) change(value, random);
  return Buffer.from(JSON.stringify(value));
}

function change(root: unknown, random: Random): void {
  let at = root;
  for (let depth = 0; depth < 12 && typeof at === 'object' && at !== null; depth++) {
    const keys = Object.keys(at);
    if (keys.length === 0) return;
    const key = random.pick(keys);
    const inner: unknown = Reflect.get(at, key);
    const leaf = typeof inner !== 'object' || inner === null;
    if (leaf || random.next() < 0.2) {
      const roll = random.next();
      if (roll < 0.2) Reflect.deleteProperty(at, key);
      else if (roll < 0.3) Reflect.set(at, random.pick(ODD_NAMES), inner);
      else Reflect.set(at, key, structuredClone(random.pick(ODD_VALUES)));
      return;
    }
    at = inner;
  }
}

const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
};
const ODD_NAMES = ['', '__proto__', 'constructor', 'toString', 'é', 'x'.repeat(300)] as const;
const ODD_VALUES: readonly unknown[] = [
  ...[null, true, '', 0, -1, 1e308, 2 ** 53, -0.5, '\ud800', '\u0000', 'NaN', '9'.repeat(30)],
  ...[[], {}, [[]], [null], { a: { b: { c: 1 } } }, deep(40), 'x'.repeat(5_000), '0000', '-1'],
  ...['1970-01-01T00:00:00Z', '9999-12-31T23:59:60Z', '2026-13-45', { length: -1 }],
];
