import { hash } from 'node:crypto';
import { LIMITS } from '../core/limits.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import { canonicalForm } from './canonical.ts';
import { type PersonalType, tokenText } from './tokens.ts';

/** Changes when a canonical form does: tokens of two versions must not be taken for each other. */
const TOKEN_VERSION = 1;

/** Gives values of one tenant their tokens. */
export interface Tokeniser {
  /** @throws when the tenant's key cannot be had. */
  token(type: PersonalType, value: string): string;
}

/** Pseudonyms of every tenant, with the recent ones remembered. */
export interface Tokenisers {
  of(tenant: string): Tokeniser;
}

interface TenantKey {
  /** As the key ring spells it. */
  readonly name: string;
  /** As it stands in tokens. */
  readonly id: string;
  readonly mac: KeyedHash;
}

/**
 * HMAC-SHA-256 under the tenant's key over version, type and canonical value, cut to 128 bits
 * (reference/pii.md section 5). Remembering is by two generations of bounded maps, so that a
 * stream of new values cannot grow it; what it holds is raw and stays in memory.
 */
export function createTokenisers(keys: Pick<KeyRing, 'pseudonymKey'>): Tokenisers {
  let young = new Map<string, string>();
  let old = new Map<string, string>();
  const tenantKeys = new Map<string, TenantKey>();

  function keyOf(tenant: string): TenantKey {
    const { id, secret } = keys.pseudonymKey(tenant);
    const known = tenantKeys.get(tenant);
    if (known?.name === id) return known;
    const key = {
      name: id,
      id: id.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 32),
      mac: new KeyedHash(secret),
    };
    if (tenantKeys.size >= LIMITS.tenants) tenantKeys.clear();
    tenantKeys.set(tenant, key);
    return key;
  }

  function remember(name: string, token: string): string {
    if (young.size >= LIMITS.rememberedPseudonyms / 2) {
      old = young;
      young = new Map();
    }
    young.set(name, token);
    return token;
  }

  return {
    of(tenant) {
      let key: TenantKey | null = null;
      return {
        token(type, value) {
          key ??= keyOf(tenant);
          const canonical = canonicalForm(type, value);
          const name = `${tenant}\u0000${key.id}\u0000${type}\u0000${canonical}`;
          const recent = young.get(name);
          if (recent !== undefined) return recent;
          const earlier = old.get(name);
          return remember(name, earlier ?? compute(key, type, canonical));
        },
      };
    },
  };
}

function compute(key: TenantKey, type: PersonalType, canonical: string): string {
  const digest = key.mac.digest(`${TOKEN_VERSION}|${type}|${canonical}`);
  return tokenText(type, key.id, digest.toString('base64url', 0, TOKEN_BYTES));
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
