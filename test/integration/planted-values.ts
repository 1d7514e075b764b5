import { createRandom } from '../../src/demo/random.ts';

/** One made-up value and every spelling of it that must be found nowhere. */
export interface Planted {
  readonly kind: Kind;
  readonly place: string;
  readonly value: string;
  /** In an identifier that revocations go by: brokers, and nobody else, are told it. */
  readonly isIdentifier: boolean;
  readonly spellings: readonly string[];
}

export const KINDS = [
  'email',
  'phone',
  'card',
  'ssn',
  'iban',
  'ipv4',
  'ipv6',
  'bearer',
  'jwt',
  'api_key',
  'private_key',
] as const;
export type Kind = (typeof KINDS)[number];

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const BASE62 = `${LOWER}${LOWER.toUpperCase()}${DIGITS}`;

/** How a value reads that is carried as bytes or as a number. */
function asCarried(text: string, place: string): readonly string[] {
  if (place.endsWith(' bytes')) return [Buffer.from(text).toString('base64').replace(/=+$/, '')];
  const digits = text.replaceAll(/\D/g, '');
  return / (?:int|double)$/.test(place) && digits.length > 8 ? [digits] : [];
}

/** Makes values that look real and never repeat, and remembers where each went. */
export class Planter {
  readonly #planted: Planted[] = [];
  readonly #random;
  readonly #used = new Set<string>();

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  get planted(): readonly Planted[] {
    return this.#planted;
  }

  /** A value for an identifier that revocations go by. */
  plantIdentifier(kind: Kind, place: string): string {
    return this.plant(kind, place, true);
  }

  /** A new value of this kind, on record as planted at `place`. */
  plant(kind: Kind, place: string, isIdentifier = false): string {
    for (;;) {
      const made = this.#make(kind);
      if (this.#used.has(made.value)) continue;
      this.#used.add(made.value);
      const raw = [made.value, ...made.parts];
      const spellings = raw.flatMap((text) => [
        text,
        JSON.stringify(text).slice(1, -1),
        encodeURIComponent(text),
        text.toLowerCase(),
        ...asCarried(text, place),
      ]);
      const { value } = made;
      this.#planted.push({ kind, place, value, isIdentifier, spellings: [...new Set(spellings)] });
      return made.value;
    }
  }

  #make(kind: Kind): { readonly value: string; readonly parts: readonly string[] } {
    switch (kind) {
      case 'email': {
        const joint = this.#pick(['.', '_', '+', '-']);
        const local = `${this.#text(LOWER, 6)}${joint}${this.#text(LOWER, 6)}`;
        const domain = `${this.#text(LOWER, 7)}.${this.#pick(['com', 'org', 'co.uk', 'de'])}`;
        return { value: `${local}@${domain}`, parts: [local] };
      }
      case 'phone': {
        const code = this.#pick(['415', '212', '646']);
        const national = `${code}${this.#digit(2, 9)}${this.#text(DIGITS, 6)}`;
        const [area, exchange, line] = [
          national.slice(0, 3),
          national.slice(3, 6),
          national.slice(6),
        ];
        const value = this.#pick([
          `+1 ${area} ${exchange} ${line}`,
          `+1 (${area}) ${exchange}-${line}`,
          `+1${national}`,
        ]);
        return { value, parts: [`${exchange}-${line}`, national] };
      }
      case 'card': {
        const digits = withCheckDigit(
          `${this.#pick(['4', '51', '55'])}${this.#text(DIGITS, 15)}`.slice(0, 15),
        );
        const groups = digits.match(/.{4}/g) ?? [];
        return { value: groups.join(this.#pick(['', ' ', '-'])), parts: [digits] };
      }
      case 'ssn': {
        const parts = [100 + this.#below(550), 10 + this.#below(89), 1000 + this.#below(8999)];
        return { value: parts.join('-'), parts: [] };
      }
      case 'iban': {
        const plain = ibanOf('DE', this.#text(DIGITS, 18));
        const spaced = (plain.match(/.{1,4}/g) ?? []).join(' ');
        return { value: this.#pick([plain, spaced]), parts: [plain] };
      }
      case 'ipv4': {
        const first = this.#pick([185, 193, 212]) + this.#below(5);
        const rest = [1, 2, 3].map(() => 100 + this.#below(150));
        return { value: [first, ...rest].join('.'), parts: [] };
      }
      case 'ipv6': {
        const group = (): string => this.#text('123456789abcdef', 4);
        return { value: `2a02:${group()}:${group()}::${group()}:${group()}`, parts: [] };
      }
      case 'bearer': {
        const token = this.#text(BASE62, 36);
        return { value: `Bearer ${token}`, parts: [token] };
      }
      case 'jwt': {
        const segments = [
          encoded({ alg: 'RS256', kid: this.#text(BASE62, 4) }),
          encoded({ sub: this.#text(LOWER, 12) }),
          this.#text(BASE62, 43),
        ];
        return { value: segments.join('.'), parts: segments.slice(1) };
      }
      case 'api_key': {
        const value = this.#pick([
          () => `AKIA${this.#text('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`,
          () => `ghp_${this.#text(BASE62, 36)}`,
          () => `sk-proj-${this.#text(BASE62, 40)}`,
          () => `sk_live_${this.#text(BASE62, 24)}`,
          () => `xoxb-${this.#text(DIGITS, 12)}-${this.#text(BASE62, 24)}`,
          () => `glpat-${this.#text(BASE62, 20)}`,
        ])();
        return { value, parts: [] };
      }
      case 'private_key': {
        const lines = [this.#text(BASE62, 64), this.#text(BASE62, 40)];
        const label = 'EC PRIVATE KEY-----';
        const value = [`-----BEGIN ${label}`, ...lines, `-----END ${label}`].join('\n');
        return { value, parts: lines };
      }
    }
  }

  #below(limit: number): number {
    return this.#random.integer(0, limit - 1);
  }

  #digit(from: number, to: number): number {
    return this.#random.integer(from, to);
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)] as Item;
  }

  #text(alphabet: string, length: number): string {
    return Array.from({ length }, () => alphabet[this.#below(alphabet.length)]).join('');
  }
}

export interface Leak {
  readonly planted: Planted;
  readonly where: string;
  readonly around: string;
}

interface Needle {
  readonly bytes: Buffer;
  readonly planted: Planted;
  /** So short that a digest or a UUID may hold the same figures by chance. */
  readonly isNumber: boolean;
}

/** Looks for every spelling of every value in one pass over the bytes. */
export class Searcher {
  bytes = 0;
  readonly leaks: Leak[] = [];
  /** By a hash of the first eight bytes, so that nearly every position is dismissed by one look. */
  readonly #byStart = new Map<number, Needle[]>();
  readonly #starts = new Uint8Array(1 << START_BITS);

  constructor(planted: readonly Planted[]) {
    for (const one of planted) {
      for (const spelling of one.spellings) {
        const bytes = Buffer.from(spelling);
        const start = startOf(bytes, 0);
        this.#starts[start] = 1;
        const found = this.#byStart.get(start) ?? [];
        found.push({ bytes, planted: one, isNumber: /^[\d-]{1,11}$/.test(spelling) });
        this.#byStart.set(start, found);
      }
    }
  }

  search(where: string, haystack: Buffer | string): void {
    const bytes = Buffer.from(haystack);
    this.bytes += bytes.length;
    for (let at = 0; at + START_BYTES <= bytes.length; at += 1) {
      const start = startOf(bytes, at);
      if (this.#starts[start] === 0) continue;
      for (const needle of this.#byStart.get(start) ?? []) this.#compare(where, bytes, at, needle);
    }
  }

  #compare(where: string, bytes: Buffer, at: number, { bytes: needle, planted, isNumber }: Needle) {
    const end = at + needle.length;
    if (end > bytes.length || bytes.compare(needle, 0, needle.length, at, end) !== 0) return;
    if (isNumber && isWithinHex(bytes, at, end)) return;
    const around = bytes.subarray(Math.max(0, at - 80), end + 20).toString();
    this.leaks.push({ planted, where, around });
  }
}

/** No spelling is shorter. */
const START_BYTES = 8;
const START_BITS = 24;

/** A calling code in front is part of no digest. */
function isWithinHex(bytes: Buffer, start: number, end: number): boolean {
  const before = bytes.subarray(Math.max(0, start - 2), start).toString('latin1');
  const after = String.fromCharCode(bytes[end] ?? 0);
  return /[\da-f]$/.test(before.replace(/\D1$/, '')) || /[\da-f]/.test(after);
}

function startOf(bytes: Buffer, at: number): number {
  const first = Math.imul(bytes.readInt32LE(at), 0x9e3779b1);
  const second = Math.imul(bytes.readInt32LE(at + 4), 0x85ebca6b);
  return (first ^ second ^ (second >>> 15)) >>> (32 - START_BITS);
}

function encoded(claims: object): string {
  return Buffer.from(JSON.stringify(claims)).toString('base64url');
}

/** Appends the digit that satisfies Luhn (ISO/IEC 7812-1). */
function withCheckDigit(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}

/** ISO 13616: 98 minus the remainder of the account, the country and two zeros by 97. */
function ibanOf(country: string, account: string): string {
  const letters = [...country].map((letter) => letter.charCodeAt(0) - 55).join('');
  const check = 98n - (BigInt(`${account}${letters}00`) % 97n);
  return `${country}${String(check).padStart(2, '0')}${account}`;
}
