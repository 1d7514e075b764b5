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
import { keyFile } from '../key-files.ts';

/** What a signed message of the feed is, so that none passes for another. */
export type SignedEvent = 'snapshot' | 'delta' | 'heartbeat' | 'changes' | 'drill';

/** Signs what the feed tells: each message once, however many read it. */
export interface FeedSigner {
  /** Compact JWS over the body with `event`, `t` and `not_after`. */
  sign(event: SignedEvent, body: Readonly<Record<string, unknown>>): string;
  /** Public keys that brokers verify with. */
  readonly jwks: { readonly keys: readonly JWK[] };
}

const KEY_FILE = 'feed-key.pem';
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
  const pem = await keyFile(join(directory, KEY_FILE), log, async () => generatePem());
  return createFeedSigner(pem, clock);
}

/** With a key that nobody knows afterwards, for tests and demos. */
export function temporaryFeedSigner(clock: Clock): Promise<FeedSigner> {
  return createFeedSigner(generatePem(), clock);
}

async function createFeedSigner(pem: Buffer, clock: Clock): Promise<FeedSigner> {
  const key = parsePem(pem);
  const bare = createPublicKey(key).export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(bare);
  const head = encoded({ alg: 'EdDSA', typ: TYPE, kid });
  let last: EpochMs = 0;
  return {
    sign: (event, body) => {
      // A wall clock that is set back must not make news look old.
      last = Math.max(last, clock.now());
      const not_after = last + LIMITS.feedSignatureMs;
      const signed = `${head}.${encoded({ ...body, event, t: last, not_after })}`;
      return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
    },
    jwks: { keys: [{ ...bare, kid, alg: 'EdDSA', use: 'sig' }] },
  };
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
