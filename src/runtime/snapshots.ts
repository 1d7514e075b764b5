import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Shard } from '../engine/shard.ts';
import { restore, type SnapshotChunk, snapshot } from '../engine/snapshot.ts';
import type { Log } from '../ports/log.ts';

const NAME = /^snapshot-(\d{20})\.ndjson$/;
const KEPT = 2;

/**
 * Writes the shard's state as it is at this moment. Atomic: a crash leaves the previous snapshot.
 * The last line is the SHA-256 of all lines before it.
 */
export async function writeSnapshot(directory: string, shard: Shard): Promise<void> {
  const digest = createHash('sha256');
  const lines: string[] = [];
  // Stringified in one go, before the first await: the state must not move under it.
  for (const chunk of snapshot(shard)) {
    const line = `${JSON.stringify(chunk)}\n`;
    digest.update(line);
    lines.push(line);
  }
  lines.push(`${JSON.stringify({ type: 'end', sha256: digest.digest('hex') })}\n`);
  await mkdir(directory, { recursive: true });
  const name = `snapshot-${String(shard.seq).padStart(20, '0')}.ndjson`;
  const temporary = join(directory, `${name}.partial`);
  const file = await open(temporary, 'w', 0o600);
  try {
    for (const line of lines) await file.write(line);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(directory, name));
  for (const old of (await listed(directory)).slice(KEPT)) await rm(join(directory, old));
}

/** Restores the newest readable snapshot not ahead of the ledger. False when there is none. */
export async function restoreLatest(
  directory: string,
  headSeq: number,
  fresh: () => Shard,
  log: Log,
): Promise<Shard | null> {
  for (const name of await listed(directory)) {
    if (Number(NAME.exec(name)?.[1]) > headSeq) continue;
    const chunks = await readChunks(join(directory, name));
    if (!chunks) {
      log.warn('snapshot is damaged, trying an older one', { name });
      continue;
    }
    const shard = fresh();
    try {
      restore(shard, chunks);
      return shard;
    } catch (error) {
      log.warn('snapshot is of another version, replaying instead', { name, error: String(error) });
    }
  }
  return null;
}

async function readChunks(path: string): Promise<readonly SnapshotChunk[] | null> {
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  const end: unknown = parse(lines.pop() ?? '');
  const digest = createHash('sha256');
  for (const line of lines) digest.update(`${line}\n`);
  const expected = digest.digest('hex');
  if (typeof end !== 'object' || end === null || !('sha256' in end)) return null;
  if (end.sha256 !== expected) return null;
  return lines.map((line) => JSON.parse(line) as SnapshotChunk);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

async function listed(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => NAME.test(name))
    .sort()
    .reverse();
}
