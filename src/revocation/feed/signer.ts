import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { keyFile, readKey, replaceKeyFile } from '../key-files.ts';
import {
  published,
  type RetiredKey,
  retiredContent,
  retiredOf,
  retiring,
} from '../retired-keys.ts';

/** What a signed message of the feed is, so that none passes for another. */
export type SignedEvent = 'snapshot' | 'delta' | 'heartbeat' | 'changes' | 'drill';

/** Signs what the feed tells: each message once, however many read it. */
export interface FeedSigner {
  /** Compact JWS over the body with `event`, `t` and `not_after`. */
  sign(event: SignedEvent, body: Readonly<Record<string, unknown>>): string;
  /** Public keys that brokers verify with: the present one first, then retired ones for a day. */
  readonly jwks: { readonly keys: readonly JWK[] };
  /** Signs with a new key from now on. */
  rotate(): Promise<{ readonly kid: string; readonly previousKid: string }>;
}

const KEY_FILE = 'feed-key.pem';
const RETIRED_FILE = 'feed-keys-retired.json';
const TYPE = 'tripcoil-feed+jws';

/**
 * Opens the key of the feed (Ed25519, PKCS #8), made when absent. It is none of the keys of SSF
 * streams: a broker pins it, and it signs in 50 µs where RSA takes a millisecond.
 * @throws TripcoilError `config_invalid` when the file is unusable; it is never replaced.
 */
export async function openFeedSigner(options: {
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<FeedSigner> {
  const { directory, clock, log } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, KEY_FILE);
  const retiredPath = join(directory, RETIRED_FILE);
  const pem = await keyFile(path, log, async () => generatePem());
  const retired = retiredOf(await readKey(retiredPath, log));
  return createFeedSigner(pem, clock, retired, async (made, kept) => {
    // A crash in between leaves the present key published twice, and in use.
    await replaceKeyFile(retiredPath, retiredContent(kept));
    await replaceKeyFile(path, made);
  });
}

/** With a key that nobody knows afterwards, for tests and demos. */
export function temporaryFeedSigner(clock: Clock): Promise<FeedSigner> {
  return createFeedSigner(generatePem(), clock, [], async () => undefined);
}

interface FeedKey {
  readonly key: KeyObject;
  readonly jwk: JWK;
  readonly kid: string;
  /** First segment of what it signs. */
  readonly head: string;
}

async function createFeedSigner(
  pem: Buffer,
  clock: Clock,
  before: readonly RetiredKey[],
  keep: (pem: Buffer, retired: readonly RetiredKey[]) => Promise<void>,
): Promise<FeedSigner> {
  let present = await feedKeyOf(pem);
  let retired = before;
  let last: EpochMs = 0;
  return {
    sign: (event, body) => {
      // A wall clock that is set back must not make news look old.
      last = Math.max(last, clock.now());
      const not_after = last + LIMITS.feedSignatureMs;
      const { head, key } = present;
      const signed = `${head}.${encoded({ ...body, event, t: last, not_after })}`;
      return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
    },
    get jwks() {
      return { keys: published(present.jwk, retired, clock.now()) };
    },
    rotate: async () => {
      const made = generatePem();
      const next = await feedKeyOf(made);
      const kept = retiring(present.jwk, retired, clock.now());
      await keep(made, kept);
      const previousKid = present.kid;
      [present, retired] = [next, kept];
      return { kid: next.kid, previousKid };
    },
  };
}

async function feedKeyOf(pem: Buffer): Promise<FeedKey> {
  const key = parsePem(pem);
  const bare = createPublicKey(key).export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(bare);
  const head = encoded({ alg: 'EdDSA', typ: TYPE, kid });
  return { key, kid, head, jwk: { ...bare, kid, alg: 'EdDSA', use: 'sig' } };
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function generatePem(): Buffer {
  const { privateKey } = generateKeyPairSync('ed25519');
  return Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' }));
}

function parsePem(pem: Uint8Array): KeyObject {
  let key: KeyObject | null = null;
  try {
    key = createPrivateKey({ key: Buffer.from(pem), format: 'pem' });
  } catch {
    // Told below, without what the file holds.
  }
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw new TripcoilError('config_invalid', 'The key of the feed must be Ed25519 (PKCS #8).');
  }
  return key;
}
