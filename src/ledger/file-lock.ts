import { link, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TripcoilError } from '../core/errors.ts';
import type { LedgerLock } from './ledger-files.ts';
import { systemCode } from './storage-error.ts';

/** Who holds a lock: `started` tells a process from a later one that got the same id. */
interface Holder {
  readonly pid: number;
  readonly started: string | null;
}

/**
 * Locks held by this process. Containers give every daemon the same process id, so that a file
 * that names our own id says nothing; this does.
 */
const heldHere = new Set<string>();

/**
 * Creates a lock file that names this process, taking over one whose process is gone.
 * @throws TripcoilError `ledger_locked` naming the live holder.
 */
export async function acquireLock(path: string): Promise<LedgerLock> {
  const held = await heldName(path);
  if (heldHere.has(held)) throw locked(process.pid);
  heldHere.add(held);
  try {
    const own: Holder = { pid: process.pid, started: await startOf(process.pid) };
    const text = `${JSON.stringify(own)}\n`;
    if (!(await createLock(path, text))) {
      await removeStale(path);
      if (!(await createLock(path, text))) throw locked((await readHolder(path))?.holder.pid ?? 0);
    }
  } catch (error) {
    heldHere.delete(held);
    throw error;
  }
  return {
    async release() {
      if (!heldHere.delete(held)) return;
      await rm(path, { force: true });
    },
  };
}

/** The live process named by a lock file, null when there is none. */
export async function findLockHolder(path: string): Promise<number | null> {
  const found = await readHolder(path);
  if (found === null) return null;
  if (heldHere.has(await heldName(path))) return process.pid;
  return (await isAlive(found.holder)) ? found.holder.pid : null;
}

async function heldName(path: string): Promise<string> {
  return join(await realpath(dirname(path)), basename(path));
}

async function createLock(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the stale file aside before judging its removal, so that only one process can win. */
async function removeStale(path: string): Promise<void> {
  const found = await readHolder(path);
  if (found === null) return;
  if (await isAlive(found.holder)) throw locked(found.holder.pid);
  const aside = `${path}.stale-${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await readFile(aside, 'utf8');
  if (moved !== found.text) await link(aside, path);
  await rm(aside, { force: true });
}

async function readHolder(path: string): Promise<{ holder: Holder; text: string } | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
  const parts = /^\{"pid":(\d{1,10}),"started":(?:"([^"]*)"|null)\}\n$/.exec(text);
  // A file cut by a crash between creation and content names nobody.
  const holder = { pid: Number(parts?.[1] ?? 0), started: parts?.[2] ?? null };
  return { holder, text };
}

async function isAlive({ pid, started }: Holder): Promise<boolean> {
  // Our own id: this process knows what it holds, so that the file is a dead namesake's.
  if (pid === 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) !== 'EPERM') return false;
  }
  const now = await startOf(pid);
  return started === null || now === null || started === now;
}

/** Boot and start time of a process where the system tells (Linux), null elsewhere. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may contain anything; the start time is field 22 of proc(5).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[19] === undefined ? null : `${boot}:${fields[19]}`;
  } catch {
    return null;
  }
}

function locked(pid: number): TripcoilError {
  return new TripcoilError(
    'ledger_locked',
    `Process ${pid} writes this ledger; stop it first, or give this one another directory.`,
  );
}
