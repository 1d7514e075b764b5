import type { SnapshotLine } from '../engine/shard-cut.ts';
import type { TenantSeal } from '../ports/tenant-seal.ts';

/** Lines of a snapshot on their way to the disk. Nothing waits in it while others run. */
export class SnapshotSlice {
  readonly #seal: TenantSeal | null;
  readonly #name: string;
  readonly #told: (line: string) => void;
  #lines: string[] = [];
  #run: { readonly tenant: string; readonly texts: string[] } | null = null;
  #chars = 0;
  #number = 0;

  constructor(seal: TenantSeal | null, name: string, told: (line: string) => void) {
    this.#seal = seal;
    this.#name = name;
    this.#told = told;
  }

  get chars(): number {
    return this.#chars;
  }

  add({ tenant, text }: SnapshotLine): void {
    this.#chars += text.length;
    if (this.#seal === null) this.#push(text);
    else if (this.#run?.tenant === tenant) this.#run.texts.push(text);
    else {
      this.#endRun();
      this.#run = { tenant, texts: [text] };
    }
  }

  take(): readonly string[] {
    this.#endRun();
    const lines = this.#lines;
    this.#lines = [];
    this.#chars = 0;
    return lines;
  }

  #endRun(): void {
    const run = this.#run;
    this.#run = null;
    if (run === null) return;
    const place = placeOf(this.#name, this.#number);
    const sealed = this.#seal?.seal(run.tenant, run.texts.join('\n'), place) ?? null;
    if (sealed !== null) this.#push(sealed);
  }

  #push(line: string): void {
    this.#told(line);
    this.#lines.push(line);
    this.#number += 1;
  }
}

/** What a sealed line is bound to. */
export function placeOf(name: string, number: number): string {
  return `${name} ${number}`;
}
