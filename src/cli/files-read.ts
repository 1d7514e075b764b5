import { globSync, statSync } from 'node:fs';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';

/** The files and patterns that something was made of, each as it was when it was read. */
export class FilesRead {
  readonly #seen = new Map<string, { readonly asRead: string; readonly now: () => string }>();

  /** To be told before the file is read, so that no change is missed. */
  read(file: string): void {
    this.#note(file, () => fingerprintOf(file));
  }

  looksFor(pattern: string): void {
    this.#note(`${pattern}\n`, () => globSync(pattern).sort().join('\n'));
  }

  /** These, and those of a later reading as they were then. */
  with(later: FilesRead): FilesRead {
    const both = new FilesRead();
    for (const [name, each] of [...this.#seen, ...later.#seen]) both.#seen.set(name, each);
    return both;
  }

  get asRead(): string {
    return [...this.#seen.values()].map(({ asRead }) => asRead).join('\n');
  }

  /** Differs from `asRead` once a file changed, came or went. */
  now(): string {
    return [...this.#seen.values()].map(({ now }) => now()).join('\n');
  }

  #note(name: string, now: () => string): void {
    this.#seen.set(name, { asRead: now(), now });
  }
}

/** What the system says of a file, through links: that is how secrets are mounted. */
function fingerprintOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : 'absent';
}

/**
 * Calls `changed` once files differ from how they were read and have stood still for a look, until
 * `signal` aborts. It looks instead of being told, which works on every file system.
 */
export async function watchFiles(options: {
  /** Those read last. */
  readonly files: () => FilesRead;
  readonly changed: () => Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { files, changed, clock, signal } = options;
  let before = files().asRead;
  for (;;) {
    await clock.sleep(LIMITS.configLookMs, signal);
    if (signal.aborted) return;
    const now = files().now();
    if (now === before && now !== files().asRead) await changed();
    before = now;
  }
}
