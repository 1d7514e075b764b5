import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sink } from './http.ts';
import type { Leak, Searcher } from './planted-values.ts';
import { storedEntries, storedSnapshots } from './stored-event-ids.ts';

/**
 * Searches every file below `directory` and every file's name, and all that the ledger's own keys
 * open; the keys themselves hold none by nature.
 */
export async function searchFiles(searcher: Searcher, directory: string): Promise<number> {
  let files = 0;
  if (existsSync(join(directory, 'ledger'))) {
    for (const { seq, body } of await storedEntries(join(directory, 'ledger'))) {
      searcher.search(`entry ${seq} of the ledger`, body);
    }
  }
  for (const text of await storedSnapshots(directory)) searcher.search('a snapshot', text);
  for (const file of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name);
    if (!file.isFile() || path.startsWith(join(directory, 'keys'))) continue;
    // A store that merges its parts in the background deletes the old ones when it likes.
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return Buffer.alloc(0);
    });
    files += 1;
    searcher.search(`file ${path.slice(directory.length)}`, bytes);
    searcher.search('file name', path);
  }
  return files;
}

/** Searches the security events that were delivered, which name their claims in base64url. */
export function searchTokens(searcher: Searcher, tokens: readonly string[]): void {
  for (const token of tokens) {
    const [head = '', claims = ''] = token.split('.');
    for (const part of [head, claims]) {
      searcher.search('security event token', Buffer.from(part, 'base64url'));
    }
  }
}

/** Searches what went to other endpoints, by the name of each. */
export function searchSinks(searcher: Searcher, sinks: Readonly<Record<string, Sink>>): void {
  for (const [name, sink] of Object.entries(sinks)) {
    for (const body of sink.bodies) searcher.search(name, body);
    for (const head of sink.heads) searcher.search(`${name}, request head`, head);
  }
}

/** The first of each sort, so that a failure can be read. */
export function summaryOf(leaks: readonly Leak[]): readonly string[] {
  const sorts = new Map<string, string>();
  for (const { planted, where, around } of leaks) {
    const sort = `${planted.kind} of ${planted.place}`;
    if (!sorts.has(sort)) sorts.set(sort, `${sort} in ${where}: ${around}`);
  }
  return [...sorts.values()].slice(0, 40);
}

/** Ids as bytes, as the wire format of protobuf has them. */
export function binary(request: object): object {
  return JSON.parse(JSON.stringify(request), (key, value: unknown) =>
    key === 'traceId' || key === 'spanId'
      ? Buffer.from(String(value), 'hex').toString('base64')
      : value,
  );
}
