import { dirname } from 'node:path';
import { TripcoilError } from '../../core/errors.ts';
import type { LedgerFile, LedgerFiles } from '../ledger-files.ts';

/** Uniform numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

export type Fault =
  /** The operation fails, having done part of its work; later ones succeed. */
  | { readonly kind: 'error'; readonly code: 'ENOSPC' | 'EIO' | 'EROFS' }
  /** The process dies in the middle of the operation; everything later fails. */
  | { readonly kind: 'crash' };

type Change =
  | { readonly kind: 'write'; readonly bytes: Buffer; readonly position: number }
  | { readonly kind: 'truncate'; readonly size: number };

interface SimulatedFile {
  durable: Buffer;
  live: Buffer;
  /** Changes since the last flush, oldest first. */
  unsynced: Change[];
}

/**
 * A file system in memory that forgets what was not flushed: after `restart`, each file keeps an
 * arbitrary prefix of its unsynced changes, the last of them in part, with sectors missing if it
 * was a write; each directory entry made or removed since its last flush may or may not be there.
 */
export class SimulatedFiles implements LedgerFiles {
  /** Changing operations so far; faults are placed by this number, from 1. */
  operations = 0;
  readonly faults = new Map<number, Fault>();
  #live = new Map<string, SimulatedFile>();
  #durable = new Map<string, SimulatedFile>();
  #locked = false;
  #crashed = false;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  /** Power is cut: nothing works until `restart`. */
  crash(): void {
    this.#crashed = true;
  }

  restart(): void {
    const survivors = new Map<string, SimulatedFile>();
    for (const path of new Set([...this.#live.keys(), ...this.#durable.keys()])) {
      const live = this.#live.get(path);
      const durable = this.#durable.get(path);
      const file = live === durable || this.#random() < 0.5 ? live : durable;
      if (file === undefined) continue;
      const content = this.#afterPowerCut(file);
      survivors.set(path, { durable: content, live: content, unsynced: [] });
    }
    this.#live = survivors;
    this.#durable = new Map(survivors);
    this.#crashed = false;
    this.#locked = false;
    this.faults.clear();
  }

  async makeDirectory(): Promise<void> {
    this.#check();
  }

  async list(path: string): Promise<readonly string[]> {
    this.#check();
    const within = [...this.#live.keys()].filter((file) => file.startsWith(`${path}/`));
    return [...new Set(within.map((file) => file.slice(path.length + 1).split('/')[0] ?? ''))];
  }

  async open(path: string, mode: 'create' | 'read' | 'write'): Promise<LedgerFile> {
    this.#check();
    let file = this.#live.get(path);
    if (mode === 'create') {
      if (file !== undefined) throw systemError('EEXIST');
      const created = { durable: Buffer.alloc(0), live: Buffer.alloc(0), unsynced: [] };
      await this.#change(() => this.#live.set(path, created));
      file = created;
    }
    if (file === undefined) throw systemError('ENOENT');
    return this.#handle(file);
  }

  /** All files there are, for tests that look for what must not be in them. */
  paths(): readonly string[] {
    return [...this.#live.keys()];
  }

  async readSmall(path: string): Promise<Buffer | null> {
    return this.readNow(path);
  }

  readNow(path: string): Buffer | null {
    this.#check();
    return this.#live.get(path)?.live ?? null;
  }

  async replace(path: string, bytes: Buffer): Promise<void> {
    const file = { durable: bytes, live: bytes, unsynced: [] };
    await this.#change(() => this.#live.set(path, file));
    await this.syncDirectory(dirname(path));
  }

  async place(path: string, bytes: Buffer): Promise<void> {
    const content = Buffer.from(bytes);
    const unsynced: Change[] = [{ kind: 'write', bytes: content, position: 0 }];
    const file = { durable: Buffer.alloc(0), live: content, unsynced };
    await this.#change(() => this.#live.set(path, file));
  }

  async syncFile(path: string): Promise<void> {
    const file = this.#live.get(path);
    if (file === undefined) throw systemError('ENOENT');
    await this.#handle(file).sync();
  }

  async remove(path: string): Promise<void> {
    await this.#change(() => this.#live.delete(path));
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#change(() => {
      for (const name of new Set([...this.#live.keys(), ...this.#durable.keys()])) {
        if (dirname(name) !== path) continue;
        const file = this.#live.get(name);
        if (file === undefined) this.#durable.delete(name);
        else this.#durable.set(name, file);
      }
    });
  }

  async lock(): Promise<{ release(): Promise<void> }> {
    this.#check();
    if (this.#locked) throw new TripcoilError('ledger_locked', 'Process 1 writes this ledger.');
    this.#locked = true;
    return {
      release: async () => {
        this.#locked = false;
      },
    };
  }

  async lockHolder(): Promise<number | null> {
    return this.#locked ? 1 : null;
  }

  #handle(file: SimulatedFile): LedgerFile {
    const flush = () =>
      this.#change(() => {
        file.durable = file.live;
        file.unsynced = [];
      });
    return {
      size: async () => {
        this.#check();
        return file.live.length;
      },
      read: async (into, position) => {
        this.#check();
        return position < file.live.length ? file.live.copy(into, 0, position) : 0;
      },
      write: (bytes, position) =>
        this.#change(
          () => applyTo(file, { kind: 'write', bytes: Buffer.from(bytes), position }),
          () => {
            const part = Buffer.from(bytes.subarray(0, this.#below(bytes.length + 1)));
            applyTo(file, { kind: 'write', bytes: part, position });
          },
        ),
      truncate: (size) => this.#change(() => applyTo(file, { kind: 'truncate', size })),
      syncData: flush,
      sync: flush,
      close: async () => undefined,
    };
  }

  #check(): void {
    if (this.#crashed) throw systemError('EIO');
  }

  /** Runs one changing operation, or what its fault leaves of it. */
  async #change(apply: () => void, applyPart?: () => void): Promise<void> {
    await Promise.resolve();
    this.#check();
    this.operations += 1;
    const fault = this.faults.get(this.operations);
    if (fault === undefined) {
      apply();
      return;
    }
    applyPart?.();
    if (fault.kind === 'crash') this.#crashed = true;
    throw systemError(fault.kind === 'crash' ? 'EIO' : fault.code);
  }

  #afterPowerCut(file: SimulatedFile): Buffer {
    let content = file.durable;
    const kept = this.#below(file.unsynced.length + 1);
    for (const change of file.unsynced.slice(0, kept)) content = changed(content, change);
    const torn = file.unsynced[kept];
    if (torn?.kind !== 'write') return content;
    // Half of the time the disk has written the sectors in another order: all but some are there.
    const holes = this.#random() < 0.5;
    const length = holes ? torn.bytes.length : this.#below(torn.bytes.length + 1);
    content = changed(content, { ...torn, bytes: torn.bytes.subarray(0, length) });
    const before = file.durable.length;
    for (let sector = 0; holes && sector < content.length; sector += 512) {
      const end = Math.min(sector + 512, content.length);
      if (end <= before || this.#random() >= 0.3) continue;
      content.fill(0, Math.max(sector, before), end);
    }
    return content;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function applyTo(file: SimulatedFile, change: Change): void {
  file.unsynced.push(change);
  file.live = changed(file.live, change);
}

function changed(content: Buffer, change: Change): Buffer {
  if (change.kind === 'truncate') return Buffer.from(content.subarray(0, change.size));
  const end = change.position + change.bytes.length;
  const result = Buffer.alloc(Math.max(content.length, end));
  content.copy(result);
  change.bytes.copy(result, change.position);
  return result;
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'simulated' });
}
