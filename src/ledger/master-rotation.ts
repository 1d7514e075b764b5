import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DataKeys } from './data-keys.ts';
import type { LedgerFiles } from './ledger-files.ts';
import { MASTER_FILE, masterKeyWrap, NEXT_MASTER_FILE } from './ledger-secrets.ts';

const MASTER_BYTES = 32;

/**
 * Replaces the master key in its file: the next one is written beside it, every data key is wrapped
 * under it, and it takes the place of the old one. After a crash anywhere in between both files are
 * there and both are read, until this has run again. Returns how many keys were wrapped anew.
 */
export async function replaceMaster(
  files: LedgerFiles,
  directory: string,
  keys: DataKeys,
): Promise<number> {
  const nextPath = join(directory, NEXT_MASTER_FILE);
  let next = await files.readSmall(nextPath);
  if (next === null) {
    next = randomBytes(MASTER_BYTES);
    await files.replace(nextPath, next);
  }
  const count = await keys.rewrap(masterKeyWrap(next));
  await endReplacement(files, directory);
  return count;
}

/** The second half of it, once nothing is wrapped under the old key. */
async function endReplacement(files: LedgerFiles, directory: string): Promise<void> {
  const next = await files.readSmall(join(directory, NEXT_MASTER_FILE));
  if (next === null) return;
  await files.replace(join(directory, MASTER_FILE), next);
  await files.remove(join(directory, NEXT_MASTER_FILE));
  await files.syncDirectory(directory);
}

/** Whether a replacement was begun and not ended. */
export async function isBeingReplaced(files: LedgerFiles, directory: string): Promise<boolean> {
  return (await files.readSmall(join(directory, NEXT_MASTER_FILE))) !== null;
}
