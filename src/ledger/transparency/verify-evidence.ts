import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { TripcoilError } from '../../core/errors.ts';
import { DataKeys } from '../data-keys.ts';
import { readDoomedKeys } from '../doomed-keys.ts';
import { readHeadFile } from '../head-file.ts';
import { parseKeyFileName, readKeyFile } from '../key-file.ts';
import type { KeyWrap } from '../key-wrap.ts';
import type { LedgerFiles } from '../ledger-files.ts';
import { MASTER_FILE, SIGNING_FILE, wrapOfFiles } from '../ledger-secrets.ts';
import { originOf } from '../log-origin.ts';
import { NODE_LEDGER_FILES } from '../node-ledger-files.ts';
import { listSegments } from '../segments.ts';
import { asStorageError, systemCode } from '../storage-error.ts';
import { parseVerifierKey, verifierKey } from '../tlog/signed-note.ts';
import {
  type LedgerProblem,
  type LedgerVerification,
  type VerificationOptions,
  type VerificationProgress,
  verifyLedger,
} from '../verify.ts';
import { LogFault, type LogProblem } from './log-problem.ts';
import { LogsCheck, type LogsCounted } from './verify-logs.ts';

export interface EvidenceOptions extends Omit<VerificationOptions, 'onProgress'> {
  /** Holds the signing key and the master key; without it neither is known. */
  readonly keysDirectory: string | null;
  /** A verifier key in place of the signing key, `name+id+base64`, of any log of this ledger. */
  readonly verifierKey?: string;
  readonly kept?: readonly { readonly file: string; readonly text: string }[];
  readonly onProgress?: (progress: VerificationProgress & { readonly pass: 1 | 2 }) => void;
}

export type EvidenceVerification =
  | (LedgerVerification & { readonly ok: true } & {
      readonly transparency: LogsCounted & {
        /** Whether signatures were checked, and texts against their commitments. */
        readonly signatures: boolean;
        readonly contents: boolean;
      };
    })
  | { readonly ok: false; readonly problem: LedgerProblem | LogProblem };

/**
 * Checks a ledger and all that proves it: segments, key files, and each transparency log against
 * its signed checkpoint and the segments. Streams; also while a writer runs.
 * @throws TripcoilError `not_found`, `config_invalid` for an unusable key, `storage_unavailable`.
 */
export async function verifyEvidence(
  directory: string,
  options: EvidenceOptions,
): Promise<EvidenceVerification> {
  const { files = NODE_LEDGER_FILES, onProgress } = options;
  try {
    await listSegments(files, directory);
    const secrets = await readSecrets(files, options);
    const base = await readBase(files, directory, secrets.verifier?.base ?? null);
    const keys = await readKeys(files, join(directory, 'data-keys'), secrets.wrap);
    const material = secrets.verifier?.publicKey ?? null;
    const logs = await LogsCheck.open({
      ...{ files, directory, keys, canOpen: secrets.wrap !== null, kept: options.kept ?? [] },
      trust: {
        originOf: (tenant) => originOf(base, tenant),
        verifierFor: material,
      },
    });
    const segments = await verifyLedger(directory, {
      ...options,
      onProgress: (progress) => onProgress?.({ ...progress, pass: 1 }),
    });
    if (!segments.ok) return segments;
    const live = (await files.lockHolder(directory)) !== null;
    const closedAt = await readHeadFile(files, directory);
    const closed = !live && typeof closedAt === 'object' && closedAt.seq === segments.entries;
    const counted = await logs.run({ seq: segments.entries, closed }, (progress) => {
      options.signal?.throwIfAborted();
      onProgress?.({ ...progress, pass: 2 });
    });
    const checked = { signatures: material !== null, contents: secrets.wrap !== null };
    return { ...segments, transparency: { ...counted, ...checked } };
  } catch (error) {
    if (error instanceof LogFault) return { ok: false, problem: error.problem };
    if (systemCode(error) !== 'ENOENT') throw asStorageError('be read', error);
    const message = 'There is no ledger in this directory.';
    throw new TripcoilError('not_found', message, { cause: error });
  }
}

/** Unlike the daemon, makes nothing that is missing. */
async function readSecrets(
  files: LedgerFiles,
  { keysDirectory, verifierKey: given }: EvidenceOptions,
) {
  const read = async (name: string) =>
    keysDirectory === null ? null : files.readSmall(join(keysDirectory, name));
  const master = await read(MASTER_FILE);
  const wrap = master && (await wrapOfFiles(files, keysDirectory ?? '', master));
  if (given !== undefined) {
    const known = parseVerifierKey(given.trim());
    if (known === null) {
      throw new TripcoilError('config_invalid', 'This is no verifier key (name+id+base64).');
    }
    const base = known.name.replace(/\/t\/[^/]*\/log$/, '');
    return { wrap, verifier: { base, publicKey: verifierFor(known.publicKey) } };
  }
  const pem = await read(SIGNING_FILE);
  const verifier = pem && { base: null, publicKey: verifierFor(createPrivateKey(pem)) };
  return { wrap, verifier };
}

function verifierFor(key: Parameters<typeof verifierKey>[1]) {
  return (name: string) => {
    const verifier = parseVerifierKey(verifierKey(name, key));
    if (verifier === null) {
      throw new TripcoilError('config_invalid', `No log can be named ${name}.`);
    }
    return verifier;
  };
}

/** What the names of all logs begin with. */
async function readBase(
  files: LedgerFiles,
  directory: string,
  known: string | null,
): Promise<string> {
  const bytes = await files.readSmall(join(directory, 'logs', 'origin'));
  const text = bytes?.toString('utf8') ?? '';
  const base = text.slice(0, -1);
  const fault = (kind: 'altered' | 'missing' | 'wrong_key', message: string) =>
    new LogFault({ kind, tenant: null, file: 'logs/origin', seq: null, message });
  if (bytes === null && known === null) {
    throw fault('missing', 'the file that names the logs is gone');
  }
  if (bytes !== null && (!text.endsWith('\n') || !/^[\w.:/~%-]{1,200}$/.test(base))) {
    throw fault('altered', 'the file that names the logs is not as it was written');
  }
  if (known !== null && bytes !== null && known !== base) {
    throw fault('wrong_key', `the logs are named ${base}, and the key is of ${known}`);
  }
  return known ?? base;
}

/** Each file as it was written, whether anything is sealed with it or not. */
async function readKeys(
  files: LedgerFiles,
  directory: string,
  wrap: KeyWrap | null,
): Promise<DataKeys> {
  let list: readonly string[];
  try {
    list = await files.list(directory);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    const message = 'the directory of the data keys is gone';
    throw new LogFault({ kind: 'missing', tenant: null, file: 'data-keys', seq: null, message });
  }
  const doomed = await readDoomedKeys(files, directory);
  for (const name of list) {
    if (parseKeyFileName(name) === null || doomed?.files.includes(name)) continue;
    const bytes = await files.readSmall(join(directory, name));
    if (bytes !== null && readKeyFile(bytes) !== null) continue;
    const message = 'the key file is not as it was written';
    const file = `data-keys/${name}`;
    throw new LogFault({ kind: 'altered', tenant: null, file, seq: null, message });
  }
  return DataKeys.read(files, directory, wrap ?? NO_MASTER);
}

const NO_MASTER: KeyWrap = {
  wrap: () => Promise.reject(new Error('assertion failed: nothing is wrapped without a master')),
  unwrap: async () => null,
};
