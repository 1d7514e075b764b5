import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportPKCS8, generateKeyPair, type JWK, SignJWT } from 'jose';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import type { Log } from '../ports/log.ts';

const ALGORITHM = 'RS256';
const MODULUS_BITS = 2048;
const MASTER_BYTES = 32;
const SIGNING_FILE = 'signing-key.pem';
const MASTER_FILE = 'pseudonym-master.key';

export interface KeyRingOptions {
  /** Holds `signing-key.pem` (PKCS #8) and `pseudonym-master.key` (32 bytes); made when absent. */
  readonly directory: string;
  readonly log: Log;
  /** Replaces the master file, for keys that live in a vault. */
  readonly pseudonymMaster?: Uint8Array;
}

/**
 * Opens the keys of the process, creating what is missing with mode 0600. Losing the master key
 * makes every earlier pseudonym unlinkable, so it belongs in the backup.
 * @throws TripcoilError `config_invalid` when a key file is unusable; it is never replaced.
 */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const { directory, log } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const master =
    options.pseudonymMaster ??
    (await keyFile(join(directory, MASTER_FILE), log, async () => randomBytes(MASTER_BYTES)));
  if (master.length !== MASTER_BYTES) {
    throw new TripcoilError('config_invalid', `The pseudonym master key must be 32 bytes long.`);
  }
  const pem = await keyFile(join(directory, SIGNING_FILE), log, generateSigningPem);
  return createKeyRing(master, async () => signingKeyOf(pem));
}

/**
 * Keys of a replay, a demo or a test: pseudonyms are the same on every run and every machine, and
 * therefore protect nothing. The signing key is made in memory when first asked for.
 */
export function fixedKeyRing(): KeyRing {
  const master = createHash('sha256').update('tripcoil replay pseudonyms 1').digest();
  return createKeyRing(master, async () => signingKeyOf(await generateSigningPem()));
}

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
  readonly kid: string;
}

function createKeyRing(master: Uint8Array, loadSigningKey: () => Promise<SigningKey>): KeyRing {
  const pseudonymKeys = new Map<string, { readonly id: string; readonly secret: Uint8Array }>();
  let signing: Promise<SigningKey> | null = null;
  const signingKey = (): Promise<SigningKey> => {
    signing ??= loadSigningKey();
    return signing;
  };
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
    signJwt: async (payload, typ) => {
      const { privateKey, kid } = await signingKey();
      return new SignJWT({ ...payload })
        .setProtectedHeader({ alg: ALGORITHM, typ, kid })
        .sign(privateKey);
    },
    jwks: async () => {
      const { publicJwk } = await signingKey();
      return { keys: [{ ...publicJwk }] };
    },
  };
}

/** HKDF-SHA256 (RFC 5869); purpose and tenant are separated by a byte that neither contains. */
function derive(master: Uint8Array, purpose: string, tenant: string, bytes: number): Uint8Array {
  const info = `tripcoil ${purpose} 1\0${tenant}`;
  const hash = createHash('sha256').update(info).digest();
  return new Uint8Array(hkdfSync('sha256', master, 'tripcoil', hash, bytes));
}

async function generateSigningPem(): Promise<Buffer> {
  const { privateKey } = await generateKeyPair(ALGORITHM, {
    modulusLength: MODULUS_BITS,
    extractable: true,
  });
  return Buffer.from(await exportPKCS8(privateKey));
}

/** The `kid` is the RFC 7638 thumbprint, so that it names the key and nothing else. */
async function signingKeyOf(pem: Uint8Array): Promise<SigningKey> {
  const privateKey = parsePem(pem);
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (privateKey.asymmetricKeyType !== 'rsa' || bits < MODULUS_BITS) {
    throw new TripcoilError('config_invalid', 'The signing key must be RSA of 2048 bits or more.');
  }
  const bare = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(bare);
  return { privateKey, kid, publicJwk: { ...bare, kid, alg: ALGORITHM, use: 'sig' } };
}

function parsePem(pem: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(pem), format: 'pem' });
  } catch {
    throw new TripcoilError('config_invalid', 'The signing key file holds no private key.');
  }
}

/**
 * Reads a key file, or makes it: written aside, flushed, then linked into place, so that a crash
 * leaves either no key or a whole one and two starting processes agree on one.
 */
export async function keyFile(
  path: string,
  log: Log,
  make: () => Promise<Buffer>,
): Promise<Buffer> {
  const existing = await readKey(path, log);
  if (existing) return existing;
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(await make());
    await file.sync();
  } finally {
    await file.close();
  }
  await link(aside, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(aside);
  log.info('key created');
  return readFile(path);
}

async function readKey(path: string, log: Log): Promise<Buffer | null> {
  try {
    const bytes = await readFile(path);
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) log.warn('key file is readable by others');
    return bytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new TripcoilError('config_invalid', 'A key file cannot be read.', { cause: error });
  }
}
