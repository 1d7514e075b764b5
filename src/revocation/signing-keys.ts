import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportPKCS8, generateKeyPair, type JWK } from 'jose';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { Log } from '../ports/log.ts';
import { keyFile, readKey, replaceKeyFile } from './key-files.ts';
import type { SigningPool } from './signing-pool.ts';

const ALGORITHM = 'RS256';
const MODULUS_BITS = 2048;
const SIGNING_FILE = 'signing-key.pem';
const RETIRED_FILE = 'signing-keys-retired.json';

/** What signs tokens, and what they are verified with. */
export interface SigningKeys {
  signJwt(payload: Readonly<Record<string, unknown>>, typ: string): Promise<string>;
  /** The present key first, then retired ones whose tokens may still be about. */
  jwks(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
  /** Signs with a new key from now on; the old one stays published for a day. */
  rotate(): Promise<{ readonly kid: string; readonly previousKid: string }>;
}

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
  readonly kid: string;
}

interface RetiredKey {
  readonly jwk: JWK;
  readonly retiredAt: EpochMs;
}

/** Keys in memory, made when first asked for: of a replay, a demo or a test. */
export function memorySigningKeys(pool: SigningPool, now: () => EpochMs): SigningKeys {
  const make = async () => signingKeyOf(await generateSigningPem());
  return createSigningKeys({ load: make, make, retired: [], now, pool });
}

/** Keys of the process: `signing-key.pem` (PKCS #8), and the public halves of retired ones. */
export async function openSigningKeys(options: {
  readonly directory: string;
  readonly log: Log;
  readonly now: () => EpochMs;
  readonly pool: SigningPool;
}): Promise<SigningKeys> {
  const { directory, log, now, pool } = options;
  const path = join(directory, SIGNING_FILE);
  const retiredPath = join(directory, RETIRED_FILE);
  const pem = await keyFile(path, log, generateSigningPem);
  return createSigningKeys({
    load: () => signingKeyOf(pem),
    make: async (retired) => {
      const made = await generateSigningPem();
      // A crash in between leaves the present key published twice, and in use.
      await replaceKeyFile(retiredPath, Buffer.from(JSON.stringify(retired)));
      await replaceKeyFile(path, made);
      return signingKeyOf(made);
    },
    retired: retiredOf(await readKey(retiredPath, log)),
    ...{ now, pool },
  });
}

function createSigningKeys(options: {
  readonly load: () => Promise<SigningKey>;
  readonly make: (retired: readonly RetiredKey[]) => Promise<SigningKey>;
  readonly retired: readonly RetiredKey[];
  readonly now: () => EpochMs;
  readonly pool: SigningPool;
}): SigningKeys {
  const { load, make, now, pool } = options;
  let retired = options.retired;
  let present: Promise<SigningKey> | null = null;
  const current = (): Promise<SigningKey> => {
    present ??= load();
    return present;
  };
  return {
    async signJwt(payload, typ) {
      const { privateKey, kid } = await current();
      const input = `${segment({ alg: ALGORITHM, typ, kid })}.${segment(payload)}`;
      return `${input}.${await pool.sign(privateKey, input)}`;
    },
    async jwks() {
      const { publicJwk, kid } = await current();
      const older = stillPublished(retired, now()).filter(({ jwk }) => jwk.kid !== kid);
      return { keys: [{ ...publicJwk }, ...older.map(({ jwk }) => ({ ...jwk }))] };
    },
    async rotate() {
      const before = await current();
      const kept = [{ jwk: before.publicJwk, retiredAt: now() }, ...stillPublished(retired, now())];
      const after = await make(kept.slice(0, LIMITS.retiredSigningKeys));
      retired = kept.slice(0, LIMITS.retiredSigningKeys);
      present = Promise.resolve(after);
      return { kid: after.kid, previousKid: before.kid };
    },
  };
}

function stillPublished(retired: readonly RetiredKey[], now: EpochMs): readonly RetiredKey[] {
  return retired.filter(({ retiredAt }) => now - retiredAt < LIMITS.retiredSigningKeyMs);
}

function retiredOf(content: Buffer | null): readonly RetiredKey[] {
  if (content === null) return [];
  try {
    return JSON.parse(content.toString('utf8')) as readonly RetiredKey[];
  } catch (error) {
    const message = 'The file of retired signing keys is not readable.';
    throw new TripcoilError('config_invalid', message, { cause: error });
  }
}

function segment(value: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
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
