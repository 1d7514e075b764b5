import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

/** One line of a file; `text` is null for a line longer than `LIMITS.bodyBytes` characters. */
export interface TextLine {
  readonly text: string | null;
  /** From 1. */
  readonly line: number;
}

/**
 * Lines of a UTF-8 file, plain or gzipped as its first bytes say. Only a line feed ends a line,
 * since JSON texts may hold every other separator. Invalid UTF-8 becomes U+FFFD.
 * @throws TripcoilError `not_found` or `bad_request`, naming the file.
 */
export async function* linesOf(file: string): AsyncGenerator<TextLine> {
  const decoder = new TextDecoder();
  const pending = new PendingLine();
  let line = 0;
  for await (const chunk of chunksOf(file)) {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      pending.add(text.slice(start, end));
      start = end + 1;
      line += 1;
      yield { text: pending.take(), line };
    }
    pending.add(text.slice(start));
  }
  pending.add(decoder.decode());
  if (!pending.isEmpty) yield { text: pending.take(), line: line + 1 };
}

/** A line as it arrives in pieces; once it is too long, its pieces are let go. */
class PendingLine {
  #pieces: string[] = [];
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(piece: string): void {
    this.#length += piece.length;
    if (this.#length > LIMITS.bodyBytes) this.#pieces = [];
    else if (piece !== '') this.#pieces.push(piece);
  }

  take(): string | null {
    const text = this.#length > LIMITS.bodyBytes ? null : this.#pieces.join('');
    this.#pieces = [];
    this.#length = 0;
    return text;
  }
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* (await isGzip(file)) ? unzipped(file) : createReadStream(file);
  } catch (error) {
    throw unreadable(file, error as NodeJS.ErrnoException);
  }
}

function unzipped(file: string): Readable {
  // The callback is where a fault would be told a second time; reading the result throws it.
  return pipeline(createReadStream(file), createGunzip(), () => {});
}

const GZIP_MAGIC = [0x1f, 0x8b];

async function isGzip(file: string): Promise<boolean> {
  await using handle = await open(file);
  const { bytesRead, buffer } = await handle.read(new Uint8Array(GZIP_MAGIC.length), 0);
  return bytesRead === GZIP_MAGIC.length && GZIP_MAGIC.every((byte, at) => buffer[at] === byte);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory, not a file',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  Z_BUF_ERROR: 'its gzip data end early',
  Z_DATA_ERROR: 'its gzip data are damaged',
};

function unreadable(file: string, error: NodeJS.ErrnoException): TripcoilError {
  const code = error.code === 'ENOENT' ? 'not_found' : 'bad_request';
  const reason = REASONS[error.code ?? ''] ?? `cannot be read (${error.code ?? error.message})`;
  return new TripcoilError(code, `${file}: ${reason}`, { cause: error });
}
