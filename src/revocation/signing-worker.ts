import { type KeyObject, sign } from 'node:crypto';
import { getPriority, platform, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';

/** A text to sign with RSASSA-PKCS1-v1_5 and SHA-256 (RFC 7518 section 3.3). */
export interface SigningMessage {
  readonly id: number;
  /** From here on; the one before where there is none. */
  readonly key?: KeyObject;
  readonly input: string;
}

export interface SignedTask {
  readonly id: number;
  readonly signature: string;
}

/**
 * A burst of signatures must not take the processors from the thread that tells the feed. Linux
 * alone has a priority for each thread.
 */
const NICER = 5;
const NICEST = 19;
if (platform() === 'linux') setPriority(0, Math.min(getPriority(0) + NICER, NICEST));

let key: KeyObject | null = null;
parentPort?.on('message', ({ id, key: given, input }: SigningMessage) => {
  key = given ?? key;
  if (key === null) throw new Error('nothing to sign with');
  const signature = sign('sha256', Buffer.from(input), key).toString('base64url');
  parentPort?.postMessage({ id, signature } satisfies SignedTask);
});
