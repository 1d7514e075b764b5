import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { join } from 'node:path';
import { TripcoilError } from '../core/errors.ts';
import type { Log } from '../ports/log.ts';
import type { KeyWrap } from './key-wrap.ts';
import { wrapDuring } from './key-wrap.ts';
import type { LedgerFiles } from './ledger-files.ts';

/** What the ledger hides with and signs with. */
export interface LedgerSecrets {
  readonly wrap: KeyWrap;
  /** Ed25519. */
  readonly signingKey: KeyObject;
}

export const MASTER_FILE = 'ledger-master.key';
/** The one that takes its place, while keys are wrapped under it. */
export const NEXT_MASTER_FILE = 'ledger-master.key.next';
export const SIGNING_FILE = 'ledger-signing-key.pem';
const MASTER_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/**
 * Reads the secrets of a ledger, making what is missing. Without its master key nothing sealed can
 * be read again, and without its signing key the log cannot go on: both belong in the backup.
 * @throws TripcoilError `config_invalid` when one is unusable; it is never replaced.
 */
export async function openLedgerSecrets(options: {
  readonly files: LedgerFiles;
  readonly directory: string;
  readonly log: Log;
  /** In place of the master file, for one that lives elsewhere. */
  readonly wrap?: KeyWrap;
}): Promise<LedgerSecrets> {
  const { files, directory, log } = options;
  await files.makeDirectory(directory);
  const secret = async (name: string, make: () => Buffer): Promise<Buffer> => {
    const path = join(directory, name);
    const existing = await files.readSmall(path);
    if (existing !== null) return existing;
    const made = make();
    await files.replace(path, made);
    log.info('key created', { name });
    return made;
  };
  const pem = await secret(SIGNING_FILE, newSigningPem);
  const signingKey = signingKeyOf(pem);
  if (options.wrap) return { wrap: options.wrap, signingKey };
  const master = await secret(MASTER_FILE, () => randomBytes(MASTER_BYTES));
  return { wrap: await wrapOfFiles(files, directory, master), signingKey };
}

/** Under a master key, or under the next one as well while it is being replaced. */
export async function wrapOfFiles(
  files: Pick<LedgerFiles, 'readSmall'>,
  directory: string,
  master: Uint8Array,
): Promise<KeyWrap> {
  const next = await files.readSmall(join(directory, NEXT_MASTER_FILE));
  const wrap = masterKeyWrap(master);
  return next === null ? wrap : wrapDuring(wrap, masterKeyWrap(next));
}

/**
 * Wraps data keys by AES-256-GCM under one master key of 32 bytes.
 * @throws TripcoilError `config_invalid` for another length.
 */
export function masterKeyWrap(master: Uint8Array): KeyWrap {
  if (master.length !== MASTER_BYTES) {
    throw new TripcoilError('config_invalid', 'The master key of the ledger must have 32 bytes.');
  }
  return {
    wrap: async (secret, context) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, master, nonce);
      cipher.setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64');
    },
    unwrap: async (wrapped, context) => {
      const bytes = Buffer.from(wrapped, 'base64');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
      const end = bytes.length - TAG_BYTES;
      const decipher = createDecipheriv(CIPHER, master, bytes.subarray(0, NONCE_BYTES));
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(end));
      const secret = decipher.update(bytes.subarray(NONCE_BYTES, end));
      try {
        decipher.final();
        return secret;
      } catch {
        return null;
      }
    },
  };
}

function newSigningPem(): Buffer {
  const { privateKey } = generateKeyPairSync('ed25519');
  return Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' }));
}

function signingKeyOf(pem: Buffer): KeyObject {
  try {
    const key = createPrivateKey({ key: pem, format: 'pem' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Told below, like a key of another kind.
  }
  const message = 'The signing key of the ledger must be an Ed25519 private key (PKCS #8).';
  throw new TripcoilError('config_invalid', message);
}
