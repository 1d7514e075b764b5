import { type KeyObject, sign } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** A text to sign with RSASSA-PKCS1-v1_5 and SHA-256 (RFC 7518 section 3.3). */
export interface SigningTask {
  readonly id: number;
  readonly key: KeyObject;
  readonly input: string;
}

export interface SignedTask {
  readonly id: number;
  readonly signature: string;
}

parentPort?.on('message', ({ id, key, input }: SigningTask) => {
  const signature = sign('sha256', Buffer.from(input), key).toString('base64url');
  parentPort?.postMessage({ id, signature } satisfies SignedTask);
});
