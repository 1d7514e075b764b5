/**
 * What the ledger asks of a file system; a port of its own so that tests can fail or lose every
 * single operation. Implementations reject with an error that carries the system's `code`.
 */
export interface LedgerFiles {
  /** Creates the directory and its parents, durably. */
  makeDirectory(path: string): Promise<void>;
  /** Names in a directory, in any order. Rejects with `ENOENT` when there is none. */
  list(path: string): Promise<readonly string[]>;
  /** `create` fails when the file exists; `read` and `write` fail when it does not. */
  open(path: string, mode: 'create' | 'read' | 'write'): Promise<LedgerFile>;
  /** Content of a small file, null when there is none. */
  readSmall(path: string): Promise<Buffer | null>;
  /**
   * The same at once: for a check of very many files, each of which takes less to read than to
   * wait for. Never where anybody else waits for the process.
   */
  readNow(path: string): Buffer | null;
  /** Replaces a small file durably and in one step: readers see the old or the new content. */
  replace(path: string, bytes: Buffer): Promise<void>;
  /** Writes a small file in one step, as `replace` does, but durably only after `syncFile`. */
  place(path: string, bytes: Buffer): Promise<void>;
  /** Makes the content of a file durable; its name is after `syncDirectory`. */
  syncFile(path: string): Promise<void>;
  /** Removes a file if it is there. Durable after `syncDirectory`. */
  remove(path: string): Promise<void>;
  /** Makes creations and removals in this directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** @throws TripcoilError `ledger_locked` naming the process that holds it. */
  lock(path: string): Promise<LedgerLock>;
  /** The live process that holds the lock, null when it is free or stale. */
  lockHolder(path: string): Promise<number | null>;
}

export interface LedgerFile {
  size(): Promise<number>;
  /** Bytes read; fewer than asked for only at the end of the file. */
  read(into: Buffer, position: number): Promise<number>;
  /** Writes all of it. After a rejection any part may have been written. */
  write(bytes: Buffer, position: number): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Flushes the content and what is needed to read it back (fdatasync). */
  syncData(): Promise<void>;
  /** Flushes content and metadata (fsync). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface LedgerLock {
  release(): Promise<void>;
}
