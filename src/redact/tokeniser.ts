import { hash } from 'node:crypto';
import { LIMITS } from '../core/limits.ts';
import { canonicalForm } from './canonical.ts';
import type { PseudonymKey, PseudonymKeys, TenantKeys } from './pseudonym-keys.ts';
import { type PersonalType, tokenText } from './tokens.ts';

/** Changes when a canonical form does: tokens of two versions must not be taken for each other. */
const TOKEN_VERSION = 1;

/** Gives values of one tenant their tokens, for one record. */
export interface Tokeniser {
  /** @throws when the tenant's key cannot be had. */
  token(type: PersonalType, value: string): string;
  /**
   * The same under the key that never rotates, for identifiers that revocations go by. Spellings
   * stay apart, since brokers compare ids letter by letter; the canonical one has the usual token.
   */
  readonly identifiers: Tokeniser;
  /**
   * While a rotation overlaps: the tokens given so far, each with the one that the key before
   * would have given. What knew a value by its old token goes on knowing it.
   */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Pseudonyms of every tenant, with the recent ones remembered. */
export interface Tokenisers {
  of(tenant: string): Tokeniser;
  /** Every token that a value of a kind may stand as. */
  every(tenant: string, type: PersonalType, value: string): readonly string[];
  /** Forgets every value, as an erasure asks for. */
  forget(): void;
}

interface Secret {
  /** As it stands in tokens. */
  readonly id: string;
  readonly mac: KeyedHash;
}

/**
 * HMAC-SHA-256 under the tenant's key over version, type and canonical value, cut to 128 bits
 * (reference/pii.md section 5). Remembering is by two generations of bounded maps, so that a
 * stream of new values cannot grow it; what it holds is raw and stays in memory.
 */
export function createTokenisers(keys: PseudonymKeys): Tokenisers {
  let young = new Map<string, string>();
  let old = new Map<string, string>();
  const secrets = new WeakMap<Uint8Array, Secret>();

  function secretOf({ id, secret }: PseudonymKey): Secret {
    const known = secrets.get(secret);
    if (known !== undefined) return known;
    const made = {
      id: id.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 32),
      mac: new KeyedHash(secret),
    };
    secrets.set(secret, made);
    return made;
  }

  function remember(name: string, token: string): string {
    if (young.size >= LIMITS.rememberedPseudonyms / 2) {
      old = young;
      young = new Map();
    }
    young.set(name, token);
    return token;
  }

  const tokenUnder: TokenUnder = (key, tenant, type, value, formOf = canonicalForm) => {
    const secret = secretOf(key);
    // By what is written: the canonical form of an address costs as much as its digest.
    const kind = formOf === canonicalForm ? type : `${type}=`;
    const name = `${tenant}\u0000${secret.id}\u0000${kind}\u0000${value}`;
    const recent = young.get(name);
    if (recent !== undefined) return recent;
    const known = old.get(name) ?? compute(secret, type, formOf(type, value));
    return remember(name, known);
  };

  return {
    of: (tenant) => tokeniserOf(keys, tenant, tokenUnder),
    every: (tenant, type, value) =>
      keys.all(tenant).map((key) => tokenUnder(key, tenant, type, value)),
    forget() {
      young.clear();
      old.clear();
    },
  };
}

type TokenUnder = (
  key: PseudonymKey,
  tenant: string,
  type: PersonalType,
  value: string,
  formOf?: typeof canonicalForm,
) => string;

/** Keys are asked for once a value needs one, and then for the whole record. */
function tokeniserOf(keys: PseudonymKeys, tenant: string, tokenUnder: TokenUnder): Tokeniser {
  let held: TenantKeys | null = null;
  const keysNow = (): TenantKeys => {
    held ??= keys.of(tenant);
    return held;
  };
  const aliases = new Map<string, string>();
  const stable: Tokeniser = {
    aliases,
    token: (type, value) => tokenUnder(keysNow().identifiers, tenant, type, value, exactForm),
    get identifiers() {
      return stable;
    },
  };
  return {
    aliases,
    token(type, value) {
      const { current, previous } = keysNow();
      const token = tokenUnder(current, tenant, type, value);
      if (previous !== null) aliases.set(token, tokenUnder(previous, tenant, type, value));
      return token;
    },
    identifiers: stable,
  };
}

function compute(key: Secret, type: PersonalType, canonical: string): string {
  const digest = key.mac.digest(`${TOKEN_VERSION}|${type}|${canonical}`);
  return tokenText(type, key.id, digest.toString('base64url', 0, TOKEN_BYTES));
}

/** No two spellings have the same; a value that is canonical is its own. */
function exactForm(type: PersonalType, value: string): string {
  const canonical = canonicalForm(type, value);
  return canonical === value ? value : `${canonical}\u0000${value}`;
}

const TOKEN_BYTES = 16;
/** Block and digest of SHA-256. */
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/**
 * HMAC-SHA-256 (RFC 2104) by one-shot hashes: a quarter of the time of `createHmac`, which builds
 * an object with a key schedule for every value.
 */
class KeyedHash {
  readonly #innerPad: Buffer;
  readonly #outer: Buffer;

  constructor(secret: Uint8Array) {
    const key = secret.length > BLOCK_BYTES ? hash('sha256', secret, 'buffer') : secret;
    const block = Buffer.alloc(BLOCK_BYTES);
    block.set(key);
    this.#innerPad = block.map((byte) => byte ^ 0x36) as Buffer;
    this.#outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
    this.#outer.set(block.map((byte) => byte ^ 0x5c));
  }

  digest(message: string): Buffer {
    const inner = Buffer.allocUnsafe(BLOCK_BYTES + Buffer.byteLength(message));
    inner.set(this.#innerPad);
    inner.write(message, BLOCK_BYTES);
    this.#outer.write(hash('sha256', inner, 'binary'), BLOCK_BYTES, 'latin1');
    return Buffer.from(hash('sha256', this.#outer, 'binary'), 'latin1');
  }
}
