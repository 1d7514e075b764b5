import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportPKCS8, generateKeyPair, type JWK } from 'jose';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { SigningRotation } from '../ports/key-ring.ts';
import type { Log } from '../ports/log.ts';
import { keyFile, readKey, replaceKeyFile } from './key-files.ts';
import { type RetiredKey, retiredContent, retiring, stillPublished } from './retired-keys.ts';
import type { SigningPool } from './signing-pool.ts';

const ALGORITHM = 'RS256';
const MODULUS_BITS = 2048;
const SIGNING_FILE = 'signing-key.pem';
const UPCOMING_FILE = 'signing-key-upcoming.json';
const RETIRED_FILE = 'signing-keys-retired.json';

/** What signs tokens, and what they are verified with. */
export interface SigningKeys {
  signJwt(payload: Readonly<Record<string, unknown>>, typ: string): Promise<string>;
  /** The present key first, then retired ones whose tokens may still be about. */
  jwks(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
  /**
   * Publishes a new key and signs with it `LIMITS.signingKeyAheadMs` later, when no cache of the
   * key set lacks it any more, or `atOnce`; the old one stays published for a day.
   */
  rotate(atOnce?: boolean): Promise<SigningRotation>;
}

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
  readonly kid: string;
}

/** A key that is published and signs nothing yet. */
interface UpcomingKey {
  readonly pem: string;
  readonly usedFrom: EpochMs;
}

/** Where keys are kept; each write is whole or not there. */
interface KeyPlace {
  readonly load: () => Promise<Uint8Array>;
  readonly writeUpcoming: (upcoming: UpcomingKey) => Promise<void>;
  /** The retired ones first: a crash in between publishes the present key twice, and uses it. */
  readonly writePresent: (pem: string, retired: readonly RetiredKey[]) => Promise<void>;
}

/** Keys in memory, made when first asked for: of a replay, a demo or a test. */
export function memorySigningKeys(pool: SigningPool, now: () => EpochMs): SigningKeys {
  const forget = async (): Promise<void> => undefined;
  const place = { load: generateSigningPem, writeUpcoming: forget, writePresent: forget };
  return new RotatingKeys({ place, retired: [], upcoming: null, now, pool });
}

/** Keys of the process: `signing-key.pem` (PKCS #8), and the public halves of retired ones. */
export async function openSigningKeys(options: {
  readonly directory: string;
  readonly log: Log;
  readonly now: () => EpochMs;
  readonly pool: SigningPool;
}): Promise<SigningKeys> {
  const { directory, log, now, pool } = options;
  const [path, upcomingPath, retiredPath] = [SIGNING_FILE, UPCOMING_FILE, RETIRED_FILE].map(
    (name) => join(directory, name),
  ) as [string, string, string];
  const pem = await keyFile(path, log, generateSigningPem);
  const written = (value: unknown) => Buffer.from(JSON.stringify(value));
  return new RotatingKeys({
    place: {
      load: async () => pem,
      writeUpcoming: (upcoming) => replaceKeyFile(upcomingPath, written(upcoming)),
      writePresent: async (made, retired) => {
        await replaceKeyFile(retiredPath, retiredContent(retired));
        await replaceKeyFile(path, Buffer.from(made));
        await replaceKeyFile(upcomingPath, written(null));
      },
    },
    retired: parsed<readonly RetiredKey[]>(await readKey(retiredPath, log)) ?? [],
    upcoming: parsed<UpcomingKey>(await readKey(upcomingPath, log)),
    ...{ now, pool },
  });
}

class RotatingKeys implements SigningKeys {
  readonly #place: KeyPlace;
  readonly #now: () => EpochMs;
  readonly #pool: SigningPool;
  #retired: readonly RetiredKey[];
  #upcoming: { readonly key: Promise<SigningKey>; readonly told: UpcomingKey } | null;
  #present: Promise<SigningKey> | null = null;
  /** The change under way: one follows the other. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: {
    readonly place: KeyPlace;
    readonly retired: readonly RetiredKey[];
    readonly upcoming: UpcomingKey | null;
    readonly now: () => EpochMs;
    readonly pool: SigningPool;
  }) {
    const { upcoming } = options;
    this.#place = options.place;
    this.#now = options.now;
    this.#pool = options.pool;
    this.#retired = options.retired;
    this.#upcoming = upcoming && { key: signingKeyOf(Buffer.from(upcoming.pem)), told: upcoming };
    this.#upcoming?.key.catch(() => undefined);
  }

  async signJwt(payload: Readonly<Record<string, unknown>>, typ: string): Promise<string> {
    if (this.#isDue()) await this.#inTurn(async () => this.#isDue() && this.#take());
    const { privateKey, kid } = await this.#current();
    const input = `${segment({ alg: ALGORITHM, typ, kid })}.${segment(payload)}`;
    return `${input}.${await this.#pool.sign(privateKey, input)}`;
  }

  async jwks(): ReturnType<SigningKeys['jwks']> {
    const { publicJwk, kid } = await this.#current();
    const upcoming = this.#upcoming && (await this.#upcoming.key).publicJwk;
    const older = stillPublished(this.#retired, this.#now()).map(({ jwk }) => jwk);
    const others = [...(upcoming ? [upcoming] : []), ...older].filter((jwk) => jwk.kid !== kid);
    return { keys: [publicJwk, ...others].map((jwk) => ({ ...jwk })) };
  }

  rotate(atOnce = false): Promise<SigningRotation> {
    return this.#inTurn(async () => {
      const { kid: previousKid } = await this.#current();
      if (!this.#upcoming) await this.#announce();
      if (atOnce || this.#isDue()) await this.#take();
      const usedFrom = this.#upcoming?.told.usedFrom ?? this.#now();
      const { kid } = await (this.#upcoming?.key ?? this.#current());
      return { kid, previousKid, usedFrom };
    });
  }

  #current(): Promise<SigningKey> {
    this.#present ??= this.#place.load().then(signingKeyOf);
    return this.#present;
  }

  #isDue(): boolean {
    return this.#upcoming !== null && this.#now() >= this.#upcoming.told.usedFrom;
  }

  async #announce(): Promise<void> {
    const pem = (await generateSigningPem()).toString();
    const told = { pem, usedFrom: this.#now() + LIMITS.signingKeyAheadMs };
    const key = signingKeyOf(Buffer.from(pem));
    await this.#place.writeUpcoming(told);
    this.#upcoming = { key, told };
  }

  /** Signs with the key that was announced. */
  async #take(): Promise<void> {
    const upcoming = this.#upcoming;
    if (!upcoming) return;
    const { publicJwk } = await this.#current();
    const retired = retiring(publicJwk, this.#retired, this.#now());
    await this.#place.writePresent(upcoming.told.pem, retired);
    this.#retired = retired;
    this.#present = upcoming.key;
    this.#upcoming = null;
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#changing.then(change);
    this.#changing = result.catch(() => undefined);
    return result;
  }
}

function parsed<Content>(content: Buffer | null): Content | null {
  if (content === null) return null;
  try {
    return JSON.parse(content.toString('utf8')) as Content | null;
  } catch (error) {
    const message = 'A file of retired or upcoming signing keys is not readable.';
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
