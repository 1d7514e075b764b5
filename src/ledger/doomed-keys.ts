import { join } from 'node:path';
import { checkedLine, type DestroyedNote, readCheckedLine } from './key-file.ts';
import type { LedgerFiles } from './ledger-files.ts';

/** Key files that are being destroyed, and the note that takes their place. */
export interface DoomedKeys {
  readonly note: DestroyedNote;
  readonly files: readonly string[];
}

const NAME = 'destroying.json';

/** Durable before a byte of them is overwritten: a crash must not leave what looks damaged. */
export async function writeDoomedKeys(
  files: LedgerFiles,
  directory: string,
  doomed: DoomedKeys,
): Promise<void> {
  await files.replace(join(directory, NAME), Buffer.from(checkedLine({ ...doomed })));
}

/** Null where none are. */
export async function readDoomedKeys(
  files: Pick<LedgerFiles, 'readSmall'>,
  directory: string,
): Promise<DoomedKeys | null> {
  const bytes = await files.readSmall(join(directory, NAME));
  const doomed = bytes && readCheckedLine(bytes);
  return doomed ? (doomed as unknown as DoomedKeys) : null;
}

export async function removeDoomedKeys(files: LedgerFiles, directory: string): Promise<void> {
  await files.remove(join(directory, NAME));
  await files.syncDirectory(directory);
}
