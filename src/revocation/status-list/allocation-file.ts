import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { MINUTE_MS } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Allocation, Allocations } from './allocations.ts';

export interface AllocationFileOptions {
  readonly path: string;
  readonly clock: Clock;
}

/**
 * Allocations that survive a restart: a line for each in a file that is only appended to, flushed
 * before an allocation is told, and written anew without what expired at the next start. A place
 * must outlive the process, since it stands in tokens that others hold; and it may not be computed
 * from the name, or two tokens could share one and fall together.
 */
export class AllocationFile {
  /** Names the lists of this file: with another file the old lists are gone, not all valid. */
  readonly listId: string;
  readonly allocations: Allocations;
  readonly #path: string;
  readonly #clock: Clock;
  #file: FileHandle;
  #lines: number;
  #waiting: string[] = [];
  #next: Promise<void> | null = null;
  #tail: Promise<void> = Promise.resolve();
  #expiredAt: number;

  static async open({ path, clock }: AllocationFileOptions): Promise<AllocationFile> {
    const read = parseLines(await textOf(path));
    const allocations = new Allocations();
    for (const each of read.allocations) {
      if (each.expires === null || each.expires > clock.now()) allocations.add(each);
    }
    const listId = read.listId ?? randomBytes(9).toString('base64url');
    const file = await rewritten(path, listId, allocations);
    return new AllocationFile({ path, clock, listId, allocations, file });
  }

  private constructor(of: {
    readonly path: string;
    readonly clock: Clock;
    readonly listId: string;
    readonly allocations: Allocations;
    readonly file: FileHandle;
  }) {
    this.listId = of.listId;
    this.allocations = of.allocations;
    this.#path = of.path;
    this.#clock = of.clock;
    this.#file = of.file;
    this.#lines = of.allocations.size;
    this.#expiredAt = of.clock.now();
  }

  /**
   * Resolves once the places are on disk; those waiting share a flush.
   * @throws TripcoilError `overloaded`, or `storage_unavailable` when the file cannot be written.
   */
  async allocate(wanted: readonly Omit<Allocation, 'index'>[]): Promise<readonly Allocation[]> {
    const now = this.#clock.now();
    if (now - this.#expiredAt >= MINUTE_MS) {
      this.#expiredAt = now;
      this.allocations.expire(now);
    }
    if (this.#waiting.length + wanted.length > LIMITS.statusListWaiting) {
      throw new TripcoilError('overloaded', 'Too many allocations wait.', { retryable: true });
    }
    const allocated = wanted.map(({ tenant, names, expires }) => {
      const known = this.allocations.find(tenant, names, expires);
      if (known !== null) return known;
      const drawn = this.allocations.draw(tenant, names, expires);
      this.allocations.add(drawn);
      this.#waiting.push(lineOf(drawn));
      return drawn;
    });
    await this.#flush();
    return allocated;
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#file.close();
  }

  /** Everything that waits until the flush under way is done goes out with the next. */
  #flush(): Promise<void> {
    if (this.#next !== null) return this.#next;
    const next = this.#tail.then(() => {
      this.#next = null;
      return this.#write();
    });
    this.#next = next;
    this.#tail = next.catch(() => undefined);
    return next;
  }

  async #write(): Promise<void> {
    const lines = this.#waiting;
    if (lines.length === 0) return;
    this.#waiting = [];
    try {
      if (this.#lines > LIMITS.statusListWaiting + 2 * this.allocations.size) {
        // The lines are those of allocations that are made, so they are in it.
        const before = this.#file;
        this.#file = await rewritten(this.#path, this.listId, this.allocations);
        this.#lines = this.allocations.size;
        await before.close();
        return;
      }
      await this.#file.appendFile(`${lines.join('\n')}\n`);
      await this.#file.datasync();
      this.#lines += lines.length;
    } catch (error) {
      // Places that nobody was told stay drawn; their lines go out with the next flush.
      this.#waiting = [...lines, ...this.#waiting];
      throw new TripcoilError('storage_unavailable', 'The allocations cannot be written.', {
        retryable: true,
        cause: error,
      });
    }
  }
}

/** Writes the file anew beside the old one and puts it in its place; open for more lines. */
async function rewritten(
  path: string,
  listId: string,
  allocations: Allocations,
): Promise<FileHandle> {
  const aside = `${path}.new`;
  const file = await open(aside, 'w', 0o600);
  try {
    await file.appendFile(`${JSON.stringify({ list: listId })}\n`);
    for (const each of allocations.all()) await file.appendFile(`${lineOf(each)}\n`);
    await file.sync();
    await rename(aside, path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Short names: there may be a hundred thousand lines. */
function lineOf({ tenant, index, names, expires }: Allocation): string {
  return JSON.stringify({
    t: tenant,
    i: index,
    n: names,
    ...(expires === null ? {} : { x: expires }),
  });
}

/** A last line that a crash cut off was told to nobody, and is left out. */
function parseLines(text: string): {
  readonly listId: string | null;
  readonly allocations: readonly Allocation[];
} {
  let listId: string | null = null;
  const allocations: Allocation[] = [];
  for (const line of text.split('\n')) {
    const value = objectOf(line);
    const { list, t: tenant, i: index, n: names, x: expires = null } = value;
    if (typeof list === 'string') listId = list;
    const isWhole =
      typeof tenant === 'string' && Number.isSafeInteger(index) && Array.isArray(names);
    if (!isWhole) continue;
    const whole = { tenant, index: Number(index), names: names.map(String) };
    allocations.push({ ...whole, expires: expires === null ? null : Number(expires) });
  }
  return { listId, allocations };
}

function objectOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new TripcoilError('storage_unavailable', 'The allocations cannot be read.', {
      cause: error,
    });
  }
}
