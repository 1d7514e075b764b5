import type { SnapshotFiles } from '../snapshot-files.ts';

/** Snapshots in memory, open to damage. */
export class MemorySnapshotFiles implements SnapshotFiles {
  readonly files = new Map<string, readonly string[]>();
  refuses = false;

  async list(): Promise<readonly string[]> {
    return [...this.files.keys()];
  }

  async *lines(name: string): AsyncGenerator<string> {
    const lines = this.files.get(name);
    if (lines === undefined) throw new Error('ENOENT');
    yield* lines;
  }

  async write(name: string, slices: AsyncIterable<readonly string[]>): Promise<void> {
    await Promise.resolve();
    if (this.refuses) throw new Error('ENOSPC');
    this.files.set(name, (await Array.fromAsync(slices)).flat());
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}
