import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { TripcoilError } from '../core/errors.ts';
import type { Log } from '../ports/log.ts';

/**
 * Reads a key file, or makes it: written aside, flushed, then linked into place, so that a crash
 * leaves either no key or a whole one and two starting processes agree on one.
 */
export async function keyFile(
  path: string,
  log: Log,
  make: () => Promise<Buffer>,
): Promise<Buffer> {
  const existing = await readKey(path, log);
  if (existing) return existing;
  const aside = await writtenAside(path, await make());
  await link(aside, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(aside);
  log.info('key created');
  return readFile(path);
}

/** Puts other content into a key file; a crash leaves the one or the other. */
export async function replaceKeyFile(path: string, content: Buffer): Promise<void> {
  await rename(await writtenAside(path, content), path);
}

/** Null where there is no such file. @throws TripcoilError `config_invalid` if unreadable. */
export async function readKey(path: string, log: Log): Promise<Buffer | null> {
  try {
    const bytes = await readFile(path);
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) log.warn('key file is readable by others');
    return bytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new TripcoilError('config_invalid', 'A key file cannot be read.', { cause: error });
  }
}

async function writtenAside(path: string, content: Buffer): Promise<string> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  return aside;
}
