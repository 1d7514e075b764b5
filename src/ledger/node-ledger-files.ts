import { readFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { acquireLock, findLockHolder } from './file-lock.ts';
import type { LedgerFile, LedgerFiles } from './ledger-files.ts';
import { systemCode } from './storage-error.ts';

/** Only the owner may read what was logged. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** The machine's file system. */
export const NODE_LEDGER_FILES: LedgerFiles = {
  async makeDirectory(path) {
    const first = await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
    if (first === undefined) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) {
      await syncDirectory(dirname(made));
    }
  },
  list: (path) => readdir(path),
  async open(path, mode) {
    const flags = { create: 'wx', read: 'r', write: 'r+' }[mode];
    return new HandleFile(await open(path, flags, FILE_MODE));
  },
  async readSmall(path) {
    try {
      return await readFile(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
  },
  readNow(path) {
    try {
      return readFileSync(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
  },
  async replace(path, bytes) {
    const draft = `${path}.draft`;
    const file = await open(draft, 'w', FILE_MODE);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncDirectory(dirname(path));
  },
  async place(path, bytes) {
    const draft = `${path}.draft`;
    await writeFile(draft, bytes, { mode: FILE_MODE });
    await rename(draft, path);
  },
  async syncFile(path) {
    const file = await open(path, 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  },
  remove: (path) => rm(path, { force: true }),
  syncDirectory,
  lock: (path) => acquireLock(join(path, 'lock')),
  lockHolder: (path) => findLockHolder(join(path, 'lock')),
};

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

class HandleFile implements LedgerFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(into: Buffer, position: number): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      const { bytesRead } = await this.#handle.read(
        into,
        filled,
        into.length - filled,
        position + filled,
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  async write(bytes: Buffer, position: number): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#handle.write(
        bytes,
        written,
        bytes.length - written,
        position + written,
      );
      written += bytesWritten;
    }
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  syncData(): Promise<void> {
    return this.#handle.datasync();
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
