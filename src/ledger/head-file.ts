import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { LedgerFiles } from './ledger-files.ts';

/** A position that the ledger is known to have reached, with the chain hash it had there. */
export interface KnownHead {
  readonly seq: number;
  /** Hex SHA-256. */
  readonly hash: string;
}

const NAME = 'head.json';

/**
 * Records the head of a clean close. It is a lower bound: it stays true while the ledger grows,
 * and shows that a tail is missing which was once there. Signed checkpoints will outrank it.
 */
export async function writeHeadFile(
  files: LedgerFiles,
  directory: string,
  head: KnownHead,
): Promise<void> {
  await files.replace(join(directory, NAME), Buffer.from(headText(head)));
}

/** `none` when the ledger was never closed cleanly, `damaged` when the file cannot be believed. */
export async function readHeadFile(
  files: LedgerFiles,
  directory: string,
): Promise<KnownHead | 'none' | 'damaged'> {
  const bytes = await files.readSmall(join(directory, NAME));
  if (bytes === null) return 'none';
  const text = bytes.toString('latin1');
  const parts = /^\{"seq":(\d{1,16}),"hash":"([0-9a-f]{64})"/.exec(text);
  if (parts === null) return 'damaged';
  const head = { seq: Number(parts[1]), hash: parts[2] ?? '' };
  return text === headText(head) ? head : 'damaged';
}

function headText({ seq, hash }: KnownHead): string {
  const fields = `{"seq":${seq},"hash":"${hash}"`;
  return `${fields},"crc32":${crc32(fields)}}\n`;
}
