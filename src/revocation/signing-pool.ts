import { type KeyObject, sign } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { LIMITS } from '../core/limits.ts';
import type { SignedTask, SigningMessage } from './signing-worker.ts';

/** Signs away from the event loop. */
export interface SigningPool {
  /** The signature over `input` in base64url, RS256. */
  sign(key: KeyObject, input: string): Promise<string>;
  close(): Promise<void>;
}

const WORKER = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './signing-worker.ts' : './signing-worker.js',
    import.meta.url,
  ),
);

interface SigningTask {
  readonly id: number;
  readonly key: KeyObject;
  readonly input: string;
}

interface Signer {
  readonly worker: Worker;
  /** The key it was given last: to hand one over costs more than all the rest. */
  key: KeyObject | null;
  /** Tasks given to it, by number. */
  readonly given: Map<
    number,
    { readonly task: SigningTask; readonly done: (text: string) => void }
  >;
}

/**
 * Threads of its own for RSA signatures, a millisecond of computing each: in the pool that Node
 * shares between cryptography and files, a thousand of them would delay the ledger's flush. They
 * start at the first signature and keep no process alive. Where a thread cannot be had or dies, the
 * caller's signs.
 */
export function createSigningPool(workers: number = LIMITS.signingWorkers): SigningPool {
  const signers: Signer[] = [];
  let next = 0;
  let closed = false;

  function start(): Signer | null {
    try {
      const signer: Signer = { worker: new Worker(WORKER), key: null, given: new Map() };
      signer.worker.unref();
      signer.worker.on('message', ({ id, signature }: SignedTask) => {
        signer.given.get(id)?.done(signature);
        signer.given.delete(id);
      });
      const fail = (): void => {
        if (signers.includes(signer)) signers.splice(signers.indexOf(signer), 1);
        for (const { task, done } of signer.given.values()) done(signedHere(task));
        signer.given.clear();
      };
      signer.worker.on('error', fail);
      signer.worker.on('exit', fail);
      signers.push(signer);
      return signer;
    } catch {
      return null;
    }
  }

  /** The one with the least to do; another thread once all are busy. */
  function pick(): Signer | null {
    const [idlest = null] = signers.toSorted((left, right) => left.given.size - right.given.size);
    if (idlest && (idlest.given.size === 0 || signers.length >= workers)) return idlest;
    return start() ?? idlest;
  }

  return {
    sign(key, input) {
      const task: SigningTask = { id: next, key, input };
      next += 1;
      const signer = closed ? null : pick();
      if (!signer || signer.given.size >= LIMITS.signaturesPending) {
        return Promise.resolve(signedHere(task));
      }
      return new Promise((done) => {
        signer.given.set(task.id, { task, done });
        const message = { id: task.id, input, ...(signer.key !== key && { key }) };
        signer.key = key;
        signer.worker.postMessage(message satisfies SigningMessage);
      });
    },
    async close() {
      closed = true;
      await Promise.all(signers.map(({ worker }) => worker.terminate()));
    },
  };
}

function signedHere({ key, input }: SigningTask): string {
  return sign('sha256', Buffer.from(input), key).toString('base64url');
}
