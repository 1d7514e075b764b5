import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { type Snapshot, snapshotOf } from './messages.ts';

/** The last known breakers on disk, so that a restart can delay a trip but never lift one. */
export interface PersistedSnapshot {
  /** Null when there is none, or none that can be read whole. */
  load(): Promise<Snapshot | null>;
  /** Writes soon; calls while a write is under way are merged into one more. */
  save(take: () => Snapshot | null): void;
  /** Resolves once nothing is being written. */
  settled(): Promise<void>;
}

export function createPersistedSnapshot(
  path: string,
  onError: (error: unknown) => void,
): PersistedSnapshot {
  let writing: Promise<void> | null = null;
  let wanted: (() => Snapshot | null) | null = null;

  async function writeWanted(): Promise<void> {
    while (wanted) {
      const snapshot = wanted();
      wanted = null;
      if (snapshot) await replaceFile(path, JSON.stringify({ v: 1, ...snapshot })).catch(onError);
    }
  }

  return {
    load: async () => {
      try {
        return snapshotOf(JSON.parse(await readFile(path, 'utf8')));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onError(error);
        return null;
      }
    },
    save: (take) => {
      wanted = take;
      writing ??= writeWanted().finally(() => {
        writing = null;
      });
    },
    settled: async () => {
      while (writing) await writing;
    },
  };
}

/** Written aside, flushed, renamed: a crash leaves the old file or the new one, never half. */
async function replaceFile(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    const file = await open(aside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}
