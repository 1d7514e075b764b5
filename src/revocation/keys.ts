import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import type { Log } from '../ports/log.ts';
import { keyFile } from './key-files.ts';
import { memorySigningKeys, openSigningKeys, type SigningKeys } from './signing-keys.ts';
import { createSigningPool } from './signing-pool.ts';

const MASTER_BYTES = 32;
const MASTER_FILE = 'pseudonym-master.key';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface KeyRingOptions {
  /** Holds `signing-key.pem` (PKCS #8) and `pseudonym-master.key` (32 bytes); made when absent. */
  readonly directory: string;
  readonly log: Log;
  /** Tells how long retired signing keys are published; without it, always. */
  readonly now?: () => EpochMs;
  /** Replaces the master file, for keys that live in a vault. */
  readonly pseudonymMaster?: Uint8Array;
}

/**
 * Opens the keys of the process, creating what is missing with mode 0600. Losing the master key
 * makes every earlier pseudonym unlinkable, so it belongs in the backup.
 * @throws TripcoilError `config_invalid` when a key file is unusable; it is never replaced.
 */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const { directory, log, now = () => 0 } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const master =
    options.pseudonymMaster ??
    (await keyFile(join(directory, MASTER_FILE), log, async () => randomBytes(MASTER_BYTES)));
  if (master.length !== MASTER_BYTES) {
    throw new TripcoilError('config_invalid', `The pseudonym master key must be 32 bytes long.`);
  }
  const pool = createSigningPool();
  return createKeyRing(master, await openSigningKeys({ directory, log, now, pool }), pool.close);
}

/**
 * Keys of a replay, a demo or a test: pseudonyms are the same on every run and every machine, and
 * therefore protect nothing. The signing key is made in memory when first asked for.
 */
export function fixedKeyRing(): KeyRing {
  const master = createHash('sha256').update('tripcoil replay pseudonyms 1').digest();
  const pool = createSigningPool();
  return createKeyRing(
    master,
    memorySigningKeys(pool, () => 0),
    pool.close,
  );
}

function createKeyRing(
  master: Uint8Array,
  signing: SigningKeys,
  close: () => Promise<void>,
): KeyRing {
  const pseudonymKeys = new Map<string, { readonly id: string; readonly secret: Uint8Array }>();
  return {
    pseudonymKey: (tenant) => {
      const known = pseudonymKeys.get(tenant);
      if (known) return known;
      const key = {
        id: `p1-${Buffer.from(derive(master, 'pseudonym key id', tenant, 4)).toString('hex')}`,
        secret: derive(master, 'pseudonym key', tenant, MASTER_BYTES),
      };
      if (pseudonymKeys.size >= LIMITS.tenants) pseudonymKeys.clear();
      pseudonymKeys.set(tenant, key);
      return key;
    },
    signJwt: (payload, typ) => signing.signJwt(payload, typ),
    jwks: () => signing.jwks(),
    rotateSigningKey: (atOnce) => signing.rotate(atOnce),
    seal: (tenant, text) => sealed(derive(master, 'sealed setting', tenant, MASTER_BYTES), text),
    unseal: (tenant, text) =>
      unsealed(derive(master, 'sealed setting', tenant, MASTER_BYTES), text),
    close,
  };
}

/** AES-256-GCM: nonce, tag and ciphertext in base64url. */
function sealed(key: Uint8Array, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), content]).toString('base64url');
}

function unsealed(key: Uint8Array, text: string): string | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const content = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([content, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

/** HKDF-SHA256 (RFC 5869); purpose and tenant are separated by a byte that neither contains. */
function derive(master: Uint8Array, purpose: string, tenant: string, bytes: number): Uint8Array {
  const info = `tripcoil ${purpose} 1\0${tenant}`;
  const hash = createHash('sha256').update(info).digest();
  return new Uint8Array(hkdfSync('sha256', master, 'tripcoil', hash, bytes));
}
