import { dirname, join } from 'node:path';
import { LIMITS } from '../../core/limits.ts';
import { checkedLine } from '../key-file.ts';
import type { LedgerFiles } from '../ledger-files.ts';
import { systemCode } from '../storage-error.ts';
import { type TileName, tilePath } from '../tlog/tile.ts';
import type { LogEdge, LogFile } from './tenant-log.ts';

const CHECKPOINT = 'checkpoint';
const EDGE = 'edge.json';
const INTEGRATED = 'integrated.json';

/** Up to where all logs are durable, and whose logs there are. */
export interface Integrated {
  readonly seq: number;
  readonly tenants: readonly string[];
}

/**
 * The transparency logs on disk: `logs/<tenant>/` in the layout of C2SP tlog-tiles, so that any
 * static file server can serve a copy of it, with `edge.json` beside it to go on from.
 */
export class LogDirectory {
  readonly #files: LedgerFiles;
  readonly #directory: string;
  readonly #made = new Set<string>();

  constructor(files: LedgerFiles, ledgerDirectory: string) {
    this.#files = files;
    this.#directory = join(ledgerDirectory, 'logs');
  }

  pathOf(tenant: string): string {
    return join(this.#directory, tenantDirectory(tenant));
  }

  async readIntegrated(): Promise<Integrated> {
    await this.#files.makeDirectory(this.#directory);
    const bytes = await this.#files.readSmall(join(this.#directory, INTEGRATED));
    return bytes === null ? { seq: 0, tenants: [] } : JSON.parse(bytes.toString('utf8'));
  }

  /** The same as bytes, for whoever checks them; null when there is none. */
  readIntegratedBytes(): Promise<Buffer | null> {
    return this.#files.readSmall(join(this.#directory, INTEGRATED));
  }

  /** The edge as bytes; null when there is none. */
  readEdgeBytes(tenant: string): Promise<Buffer | null> {
    return this.#files.readSmall(join(this.pathOf(tenant), EDGE));
  }

  async readEdge(tenant: string): Promise<LogEdge | null> {
    const bytes = await this.#files.readSmall(join(this.pathOf(tenant), EDGE));
    return bytes === null ? null : JSON.parse(bytes.toString('utf8'));
  }

  /** The newest published checkpoint; null before the first. */
  async readCheckpoint(tenant: string): Promise<string | null> {
    const bytes = await this.#files.readSmall(join(this.pathOf(tenant), CHECKPOINT));
    return bytes?.toString('utf8') ?? null;
  }

  readFile(tenant: string, name: TileName): Promise<Buffer | null> {
    return this.#files.readSmall(join(this.pathOf(tenant), tilePath(name)));
  }

  /** The same at once, for whoever checks every file there is. */
  readFileNow(tenant: string, name: TileName): Buffer | null {
    return this.#files.readNow(join(this.pathOf(tenant), tilePath(name)));
  }

  /** Names in a directory below a log's prefix; none where it is not there. */
  async names(tenant: string, directory: string): Promise<readonly string[]> {
    try {
      return await this.#files.list(join(this.pathOf(tenant), directory));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** Puts files where readers find them; `sync` makes them durable. Returns their paths. */
  async place(tenant: string, files: readonly LogFile[]): Promise<readonly string[]> {
    const paths: string[] = [];
    for (const { name, bytes } of files) {
      const path = join(this.pathOf(tenant), tilePath(name));
      await this.#makeDirectory(dirname(path));
      await this.#files.place(path, bytes);
      paths.push(path);
    }
    return paths;
  }

  async placeCheckpoint(tenant: string, checkpoint: string): Promise<void> {
    await this.#makeDirectory(this.pathOf(tenant));
    await this.#files.place(join(this.pathOf(tenant), CHECKPOINT), Buffer.from(checkpoint));
  }

  async remove(paths: Iterable<string>): Promise<void> {
    for (const path of paths) await this.#files.remove(path);
  }

  /** Makes placed files durable. */
  async sync(paths: readonly string[]): Promise<void> {
    for (let at = 0; at < paths.length; at += LIMITS.syncsAtOnce) {
      const some = paths.slice(at, at + LIMITS.syncsAtOnce);
      await Promise.all(some.map((path) => this.#files.syncFile(path)));
    }
    for (const directory of new Set(paths.map((path) => dirname(path)))) {
      await this.#files.syncDirectory(directory);
    }
  }

  async writeEdge(tenant: string, edge: LogEdge): Promise<void> {
    await this.#makeDirectory(this.pathOf(tenant));
    const path = join(this.pathOf(tenant), EDGE);
    await this.#files.replace(path, Buffer.from(JSON.stringify(edge)));
  }

  async writeIntegrated(integrated: Integrated): Promise<void> {
    const path = join(this.#directory, INTEGRATED);
    await this.#files.replace(path, Buffer.from(checkedLine({ ...integrated })));
  }

  async #makeDirectory(path: string): Promise<void> {
    if (this.#made.has(path)) return;
    await this.#files.makeDirectory(path);
    if (this.#made.size >= LIMITS.knownDirectories) this.#made.clear();
    this.#made.add(path);
  }
}

/** Any tenant's name as one path element. */
export function tenantDirectory(tenant: string): string {
  const encoded = encodeURIComponent(tenant.toWellFormed()).replaceAll('.', '%2E');
  return encoded === '' ? '%00' : encoded;
}
