import { MemorySnapshotFiles } from '../../src/runtime/testing/memory-snapshot-files.ts';

/** Snapshots that a crash may lose or damage, and whose disk may be full. */
export class SeededSnapshotFiles extends MemorySnapshotFiles {
  /** Snapshots read since this was last set to 0. */
  reads = 0;
  alive: () => boolean = () => true;
  readonly #random: () => number;

  constructor(random: () => number) {
    super();
    this.#random = random;
  }

  override async *lines(name: string): AsyncGenerator<string> {
    this.reads += 1;
    yield* super.lines(name);
  }

  override async write(name: string, slices: AsyncIterable<readonly string[]>): Promise<void> {
    if (!this.alive()) return new Promise(() => undefined);
    return super.write(name, slices);
  }

  override async remove(name: string): Promise<void> {
    if (!this.alive()) return new Promise(() => undefined);
    return super.remove(name);
  }

  afterCrash(): void {
    for (const [name, lines] of this.files) {
      const fate = this.#random();
      const at = Math.floor(this.#random() * lines.length);
      if (fate < 0.1) this.files.delete(name);
      else if (fate < 0.2) this.files.set(name, lines.slice(0, at));
      else if (fate < 0.4 && lines.length > 0)
        this.files.set(name, lines.with(at, otherDigits(lines[at] ?? '')));
    }
  }
}

/** Still JSON of the same shape, but not what was written. */
function otherDigits(line: string): string {
  return line.replaceAll(/[1-8]/g, (digit) => String(Number(digit) + 1));
}
