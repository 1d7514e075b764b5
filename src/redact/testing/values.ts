/** Seeded generator of values that look real and belong to nobody. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  int(below: number): number;
  pick<T>(items: readonly T[]): T;
  text(alphabet: string, length: number): string;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const BASE62 = `${LETTERS}${LETTERS.toUpperCase()}${DIGITS}`;
const HEX = '0123456789abcdef';

/** The generator mulberry32: small, seeded, good enough to shuffle tests. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    next,
    int,
    pick: (items) => items[int(items.length)] as (typeof items)[number],
    text: (alphabet, length) =>
      Array.from({ length }, () => alphabet.charAt(int(alphabet.length))).join(''),
  };
}

/** One made-up value of each kind, as it would be typed. */
export const MAKERS: Readonly<Record<string, (random: Random) => string>> = {
  email: (random) =>
    `${random.text(LETTERS, 5)}${random.pick(['.', '_', '+', ''])}${random.text(LETTERS, 4)}@` +
    `${random.text(LETTERS, 6)}.${random.pick(['com', 'org', 'co.uk', 'de', 'io'])}`,
  card: (random) => {
    const [prefix, length, groups] = random.pick([
      ['4', 16, [4, 4, 4, 4]],
      ['51', 16, [4, 4, 4, 4]],
      ['37', 15, [4, 6, 5]],
    ] as const);
    return spaced(
      withLuhn(prefix + random.text(DIGITS, length - prefix.length - 1)),
      groups,
      random,
    );
  },
  ssn: (random) => `${100 + random.int(500)}-${10 + random.int(89)}-${1000 + random.int(8999)}`,
  iban: (random) => ibanOf('DE', random.text(DIGITS, 18)),
  phone: (random) =>
    `+1 (${random.pick(['415', '212', '646'])}) ${200 + random.int(700)}-${random.text(DIGITS, 4)}`,
  ipv4: (random) =>
    `${11 + random.int(88)}.${random.int(256)}.${random.int(256)}.${1 + random.int(254)}`,
  ipv6: (random) =>
    `2001:db8:${random.text('123456789abcdef', 4)}::${random.text('123456789', 4)}:` +
    random.text('123456789', 3),
  jwt: (random) =>
    `eyJ${random.text(BASE62, 20)}.eyJ${random.text(BASE62, 30)}.${random.text(BASE62, 43)}`,
  aws: (random) => `AKIA${random.text('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`,
  github: (random) => `ghp_${random.text(BASE62, 36)}`,
  slack: (random) => `xoxb-${random.text(DIGITS, 12)}-${random.text(BASE62, 24)}`,
  stripe: (random) => `sk_live_${random.text(BASE62, 24)}`,
  openai: (random) => `sk-proj-${random.text(BASE62, 40)}`,
  anthropic: (random) => `sk-ant-api03-${random.text(BASE62, 80)}`,
  google: (random) => `AIza${random.text(BASE62, 35)}`,
  npm: (random) => `npm_${random.text(BASE62, 36)}`,
  gitlab: (random) => `glpat-${random.text(BASE62, 20)}`,
  bearer: (random) => `Bearer ${random.text(BASE62, 32)}`,
  private_key: (random) =>
    `-----BEGIN PRIVATE KEY-----\n${random.text(BASE62, 64)}\n-----END PRIVATE KEY-----`,
  connection: (random) => `postgres://app:${random.text(BASE62, 14)}@db.internal.example:5432/x`,
  assignment: (random) => `password=${random.text(BASE62, 14)}`,
};

/** The part of a made-up value that must not be found anywhere afterwards. */
export function coreOf(kind: string, value: string): string {
  if (kind === 'bearer') return value.slice(7);
  if (kind === 'assignment') return value.slice(9);
  if (kind === 'private_key') return value.slice(28, 92);
  if (kind === 'connection') return value.slice(15, 29);
  return value;
}

/** Identifiers, clocks and measures of clean telemetry, all of which must survive. */
export const CLEAN_MAKERS: Readonly<Record<string, (random: Random) => string | number>> = {
  trace_id: (random) => random.text(HEX, 32),
  span: (random) => `span ${random.text(HEX, 16)} ended`,
  uuid: (random) => [8, 4, 4, 4, 12].map((length) => random.text(HEX, length)).join('-'),
  timestamp: (random) => new Date(1.76e12 + random.int(1e10)).toISOString(),
  epoch_ms: (random) => 1.76e12 + random.int(1e10),
  epoch_ns: (random) => `1763${random.text(DIGITS, 15)}`,
  version: (random) => `v${random.int(9)}.${random.int(30)}.${random.int(40)}-rc.${random.int(9)}`,
  agent: (random) =>
    `Mozilla/5.0 Chrome/${100 + random.int(40)}.0.${random.int(9999)}.${random.int(200)}`,
  port: (random) => `listening on localhost:${1024 + random.int(60000)}`,
  loopback: () => 'http://127.0.0.1:4318/v1/traces',
  decimal: (random) => random.next() * 1000,
  model: (random) =>
    random.pick(['gpt-4o-2024-08-06', 'claude-3-5-sonnet-20241022', 'gemini-2.5-pro', 'o3-mini']),
  sha: (random) => `sha256:${random.text(HEX, 64)}`,
  commit: (random) => `at ${random.text(HEX, 40)}`,
  range: (random) => `rows ${random.int(9000)} - ${random.int(9000)} of ${random.int(90000)}`,
  call_id: (random) => `call_${random.text(BASE62, 24)}`,
  message: (random) =>
    `processed ${random.int(9000)} records in ${random.int(9000)} ms (${random.int(100)}%)`,
  package: (random) => `@opentelemetry/sdk-node@0.${random.int(300)}.0`,
  path: (random) => `/srv/app/releases/2026${random.text('01', 2)}/main.js:${random.int(900)}`,
  arn: (random) => `arn:aws:s3:::reports-${random.text(LETTERS, 6)}/2026/11`,
  rust: () => 'core::fmt::write at std::io::add',
  time: (random) => `${10 + random.int(13)}:${10 + random.int(49)}:${10 + random.int(49)}`,
  money: (random) => `total 1,${100 + random.int(800)}.${10 + random.int(89)} EUR for 3 items`,
};

function withLuhn(digits: string): string {
  for (let check = 0; check < 10; check++) {
    let sum = 0;
    const all = `${digits}${check}`;
    for (let at = 0; at < all.length; at++) {
      const digit = Number(all.charAt(all.length - 1 - at));
      sum += at % 2 === 1 ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : digit;
    }
    if (sum % 10 === 0) return all;
  }
  return digits;
}

function spaced(digits: string, groups: readonly number[], random: Random): string {
  const separator = random.pick(['', ' ', '-']);
  const parts: string[] = [];
  let at = 0;
  for (const size of groups) {
    parts.push(digits.slice(at, at + size));
    at += size;
  }
  return parts.join(separator);
}

function ibanOf(country: string, account: string): string {
  const numbers = `${account}${[...country].map((char) => char.charCodeAt(0) - 55).join('')}00`;
  const check = 98n - (BigInt(numbers) % 97n);
  return `${country}${String(check).padStart(2, '0')}${account}`;
}
