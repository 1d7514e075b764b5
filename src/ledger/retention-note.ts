import { join } from 'node:path';
import { GENESIS_HASH } from './hash-chain.ts';
import { checkedLine, readCheckedLine } from './key-file.ts';
import type { LedgerFiles } from './ledger-files.ts';

/** What retention has taken from a ledger, and where it begins now. */
export interface RetentionNote {
  /** Up to here some entries may have been destroyed for their age; 0 for none. */
  readonly expiredSeq: number;
  /** Of the first segment that is kept: those before it are deleted. */
  readonly firstSeq: number;
  /** Chain hash and log time of the last entry before it. */
  readonly previousHash: Buffer;
  readonly previousLoggedAt: number;
}

export const WHOLE: RetentionNote = {
  ...{ expiredSeq: 0, firstSeq: 1, previousHash: GENESIS_HASH, previousLoggedAt: 0 },
};

const NAME = 'retention.json';

export async function writeRetentionNote(
  files: LedgerFiles,
  directory: string,
  { previousHash, ...note }: RetentionNote,
): Promise<void> {
  const line = checkedLine({ ...note, previousHash: previousHash.toString('hex') });
  await files.replace(join(directory, NAME), Buffer.from(line));
}

/** `WHOLE` where retention has taken nothing; null when the note is not as it was written. */
export async function readRetentionNote(
  files: LedgerFiles,
  directory: string,
): Promise<RetentionNote | null> {
  const bytes = await files.readSmall(join(directory, NAME));
  if (bytes === null) return WHOLE;
  const { expiredSeq, firstSeq, previousHash, previousLoggedAt } = readCheckedLine(bytes) ?? {};
  if (typeof expiredSeq !== 'number' || typeof firstSeq !== 'number') return null;
  if (typeof previousHash !== 'string' || typeof previousLoggedAt !== 'number') return null;
  const hash = Buffer.from(previousHash, 'hex');
  return { expiredSeq, firstSeq, previousHash: hash, previousLoggedAt };
}
