import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What snapshots ask of a directory; small, so that a test can bring one that loses things. */
export interface SnapshotFiles {
  /** Names of whole files, in any order; none when there is no directory. */
  list(): Promise<readonly string[]>;
  /** The lines of a file, without their ends. Rejects when it cannot be read. */
  lines(name: string): AsyncIterable<string>;
  /**
   * Writes a file durably and in one step: after a crash it is there whole or not at all. Lines
   * come in slices, each when the one before is written.
   */
  write(name: string, slices: AsyncIterable<readonly string[]>): Promise<void>;
  remove(name: string): Promise<void>;
}

const PARTIAL = '.partial';

/** The directory on disk; created when first written to, readable by its owner alone. */
export function nodeSnapshotFiles(directory: string): SnapshotFiles {
  return {
    async list() {
      const names = await readdir(directory).catch(() => []);
      return names.filter((name) => !name.endsWith(PARTIAL));
    },
    async *lines(name) {
      const file = await open(join(directory, name));
      try {
        yield* file.readLines();
      } finally {
        await file.close().catch(() => undefined);
      }
    },
    async write(name, slices) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const temporary = join(directory, `${name}${PARTIAL}`);
      const file = await open(temporary, 'w', 0o600);
      try {
        for await (const lines of slices) await file.write(`${lines.join('\n')}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, join(directory, name));
      const entries = await open(directory);
      await entries.sync().catch(() => undefined);
      await entries.close();
    },
    async remove(name) {
      await rm(join(directory, name), { force: true });
    },
  };
}
