import type { BundleFiles } from './bundle-files.ts';
import type { BundleProblem } from './bundle-problem.ts';
import { hexOf, textOf } from './bytes.ts';
import { parseCheckpoint, type TreeHead } from './inclusion.ts';
import { type BundleIndex, checkpointFile, logKeyFile } from './layout.ts';
import { parseNote, parseVerifierKey, signatureState, type VerifierKey } from './signed-note.ts';

export interface CheckOptions {
  /** A verifier key known from elsewhere, of whatever log of the same deployment. */
  readonly knownKey?: string;
  /** Checkpoints kept elsewhere. */
  readonly kept?: readonly { readonly file: string; readonly text: string }[];
  readonly onProgress?: (done: number, all: number) => void;
}

/** A transparency log as its signed checkpoint in the bundle states it. */
export interface CheckedLog {
  readonly tenant: string;
  readonly origin: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
  readonly verifierKey: string;
  readonly checkpoint: string;
}

export interface LogHead extends TreeHead {
  readonly tenant: string;
  readonly checkpoint: string;
}

interface LogsGiven {
  readonly files: BundleFiles;
  readonly index: BundleIndex;
  readonly options: CheckOptions;
  readonly signer: { readonly publicKey: Uint8Array } | null;
  readonly problems: BundleProblem[];
  readonly unchecked: string[];
}

/** Checks each log's checkpoint; null heads are of logs that cannot be relied upon. */
export async function checkLogs(given: LogsGiven): Promise<{
  readonly logs: readonly CheckedLog[];
  readonly heads: readonly (LogHead | null)[];
}> {
  const logs: CheckedLog[] = [];
  const heads: (LogHead | null)[] = [];
  for (const [place, { tenant, origin }] of given.index.logs.entries()) {
    const keyText = textOf(given.files.get(logKeyFile(place)) ?? new Uint8Array()) ?? '';
    const checkpoint = textOf(given.files.get(checkpointFile(place)) ?? new Uint8Array()) ?? '';
    const key = await parseVerifierKey(keyText);
    const head = key && (await checkedHead(given, place, origin, key, checkpoint));
    if (key === null) {
      const message = 'the key of this log is gone or cannot be read';
      given.problems.push({ kind: 'missing', file: logKeyFile(place), message });
    }
    heads.push(head && { ...head, tenant, checkpoint });
    if (key === null || head === null) continue;
    const { size, root } = head;
    const verifierKey = keyText.trim();
    logs.push({ tenant, origin, size, root: hexOf(root), verifierKey, checkpoint });
    await compareKept(given, place, head, key);
  }
  return { logs, heads };
}

async function checkedHead(
  { signer, problems }: LogsGiven,
  place: number,
  origin: string,
  key: VerifierKey,
  checkpoint: string,
): Promise<TreeHead | null> {
  const file = checkpointFile(place);
  const fault = (kind: BundleProblem['kind'], message: string, at = file): null => {
    problems.push({ kind, file: at, message });
    return null;
  };
  const note = parseNote(checkpoint);
  const head = note && parseCheckpoint(note.text);
  if (!note || !head) return fault('altered', 'this is no signed checkpoint');
  if (head.origin !== origin || key.name !== origin) {
    return fault('forked', `it is of the log ${head.origin}, and not of ${origin}`);
  }
  if (signer && hexOf(signer.publicKey) !== hexOf(key.publicKey)) {
    return fault('wrong_key', 'the log has another key than the bundle', logKeyFile(place));
  }
  const state = await signatureState(note, key);
  if (state === 'foreign') return fault('wrong_key', 'the checkpoint is not signed by its log');
  if (state === 'invalid') return fault('altered', 'the signature of the checkpoint does not fit');
  return head;
}

/** Without the log itself, only checkpoints of one size can be compared. */
async function compareKept(
  { options, problems, unchecked }: LogsGiven,
  place: number,
  head: TreeHead,
  key: VerifierKey,
): Promise<void> {
  for (const { file, text } of options.kept ?? []) {
    const note = parseNote(text);
    const kept = note && parseCheckpoint(note.text);
    if (!note || !kept) {
      if (place === 0) unchecked.push(`${file} is no signed checkpoint`);
      continue;
    }
    if (kept.origin !== head.origin) continue;
    const state = await signatureState(note, key);
    if (state === 'foreign' || state === 'invalid') {
      const message = `${file}, which you kept, is not signed by this log's key`;
      problems.push({ kind: 'wrong_key', file: checkpointFile(place), message });
    } else if (kept.size !== head.size) {
      unchecked.push(
        `${file}: it is of ${kept.size} entries and the bundle's of ${head.size}; ` +
          'the log itself proves that one grew into the other (`tripcoil verify URL`)',
      );
    } else if (hexOf(kept.root) !== hexOf(head.root)) {
      const message = `at ${kept.size} entries it has another root than ${file}, which you kept`;
      problems.push({ kind: 'forked', file: checkpointFile(place), message });
    }
  }
}
