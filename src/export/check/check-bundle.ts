import type { BundleFiles } from './bundle-files.ts';
import type { BundleProblem } from './bundle-problem.ts';
import { textOf } from './bytes.ts';
import { EntriesCheck } from './check-entries.ts';
import { type CheckedLog, type CheckOptions, checkLogs } from './check-logs.ts';
import type { EntryText } from './entry-text.ts';
import { type BundleIndex, MANIFEST, SIGNING_KEY } from './layout.ts';
import { type Manifest, manifestProblems, readIndex, readManifest } from './manifest.ts';
import { fingerprintOf, type Note, parseVerifierKey, signatureState } from './signed-note.ts';

export interface BundleReport {
  readonly ok: boolean;
  readonly problems: readonly BundleProblem[];
  /** Files as signed, entries under a checkpoint. */
  readonly files: number;
  readonly proven: number;
  readonly signer: {
    readonly name: string;
    readonly keyId: string;
    readonly fingerprint: string;
    /** Whether it is the key that the reader knew beforehand. */
    readonly known: boolean;
  } | null;
  readonly logs: readonly CheckedLog[];
  /** What could not be checked here, and why. */
  readonly unchecked: readonly string[];
  readonly index: BundleIndex | null;
  /** What the entries say, in order; of entries whose file is as signed. */
  readonly entries: readonly EntryText[];
}

/**
 * Checks all that a bundle says of itself by the Web's own cryptography, without a network: every
 * file against the signed manifest, every entry against its commitment, every commitment against a
 * signed checkpoint. It does not know whose key it is: compare that with what you know.
 */
export async function checkBundle(
  files: BundleFiles,
  options: CheckOptions = {},
): Promise<BundleReport> {
  const problems: BundleProblem[] = [];
  const unchecked: string[] = [];
  const read = readManifest(files);
  if (read === null) return unreadable(files);
  const { note, manifest } = read;
  const signer = await checkSignature(files, note, options, problems, unchecked);
  const index = await readIndex(files, manifest);
  const all = manifest.size + 2 * (index?.entries.length ?? 0);
  let done = 0;
  const step = (): void => options.onProgress?.(++done, all);
  problems.push(...(await manifestProblems(files, manifest, step)));
  if (index === null) {
    if (problems.length === 0) problems.push(foreignIndex());
    return report({ problems, unchecked, signer, index, manifest });
  }
  const { logs, heads } = await checkLogs({ files, index, options, signer, problems, unchecked });
  const entries = new EntriesCheck({ files, index, heads, problems, onEntry: step });
  await entries.run();
  const found = { logs, entries: entries.texts, proven: entries.proven };
  return report({ problems, unchecked, signer, index, manifest, ...found });
}

type Signer = NonNullable<BundleReport['signer']> & { readonly publicKey: Uint8Array };

function report(
  found: Pick<BundleReport, 'problems' | 'unchecked' | 'index'> &
    Partial<Pick<BundleReport, 'logs' | 'entries' | 'proven'>> & {
      readonly signer: Signer | null;
      readonly manifest: Manifest;
    },
): BundleReport {
  const { manifest, signer, logs = [], entries = [], proven = 0, ...rest } = found;
  const shown = signer && {
    ...{ name: signer.name, keyId: signer.keyId },
    ...{ fingerprint: signer.fingerprint, known: signer.known },
  };
  const ok = rest.problems.length === 0;
  return { ok, files: manifest.size, proven, signer: shown, logs, entries, ...rest };
}

function unreadable(files: BundleFiles): BundleReport {
  const gone = !files.has(MANIFEST);
  const message = gone
    ? 'there is no manifest: this is no evidence bundle, or its manifest was taken out'
    : 'the manifest cannot be read: it is not as it was written';
  const problem = { kind: gone ? 'missing' : 'altered', file: MANIFEST, message } as const;
  const nothing = { files: 0, proven: 0, signer: null, index: null };
  return { ok: false, problems: [problem], ...nothing, logs: [], unchecked: [], entries: [] };
}

function foreignIndex(): BundleProblem {
  const message = 'it is of a version that this verifier does not know';
  return { kind: 'unexpected', file: 'bundle.json', message };
}

async function checkSignature(
  files: BundleFiles,
  note: Note,
  options: CheckOptions,
  problems: BundleProblem[],
  unchecked: string[],
): Promise<Signer | null> {
  const known = options.knownKey === undefined ? null : await parseVerifierKey(options.knownKey);
  if (options.knownKey !== undefined && known === null) {
    unchecked.push('the key given is no verifier key (name+id+base64): it was not used');
  }
  const bytes = files.get(SIGNING_KEY);
  const key = bytes && (await parseVerifierKey(textOf(bytes) ?? ''));
  if (!key) {
    const message = 'the key that signed the manifest is gone or cannot be read';
    problems.push({ kind: bytes ? 'altered' : 'missing', file: SIGNING_KEY, message });
    return null;
  }
  const isKnown = known !== null && sameBytes(known.publicKey, key.publicKey);
  if (known !== null && !isKnown) {
    const message = 'the bundle was signed by another key than the one you know';
    problems.push({ kind: 'wrong_key', file: SIGNING_KEY, message });
  }
  const state = await signatureState(note, key);
  if (state === 'invalid') {
    const message = 'the signature does not fit: the manifest was changed after it was signed';
    problems.push({ kind: 'altered', file: MANIFEST, message });
  } else if (state === 'foreign') {
    const message = 'the manifest was signed by another key than the one beside it';
    problems.push({ kind: 'wrong_key', file: MANIFEST, message });
  } else if (state === 'unsupported') {
    unchecked.push('signatures: this browser has no Ed25519; take a current one');
  }
  const { name, keyId, publicKey } = key;
  return { name, keyId, fingerprint: await fingerprintOf(key), known: isKnown, publicKey };
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
