import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

/** A request's body, decompressed. `release` gives its bytes back to the budget. */
export interface Body {
  readonly bytes: Uint8Array;
  /** Length before decompression. */
  readonly sentBytes: number;
  release(): void;
}

/**
 * Reads and decompresses request bodies within bounds shared by every receiver it is given to: one
 * body is at most `bodyBytes` before and after decompression, all bodies together
 * `concurrentBodies` times both, and no more than `concurrentBodies` are decompressed at once.
 */
export class BodyReader {
  private readonly bodyBytes: number;
  private readonly budget: number;
  private held = 0;
  private decompressing = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(options: { readonly bodyBytes?: number } = {}) {
    this.bodyBytes = options.bodyBytes ?? LIMITS.bodyBytes;
    this.budget = 2 * LIMITS.concurrentBodies * this.bodyBytes;
  }

  /**
   * @throws TripcoilError `payload_too_large`, `unsupported_media_type` (content encoding),
   * `bad_request` (broken gzip, connection lost) or `overloaded` (the budget is used up).
   */
  async read(stream: Readable, headers: IncomingHttpHeaders): Promise<Body> {
    const gzip = isGzip(headers['content-encoding']);
    if (Number(headers['content-length'] ?? 0) > this.bodyBytes + LIMITS.drainBytes) {
      throw this.tooLarge();
    }
    const holding = { bytes: 0 };
    const release = (): void => {
      this.held -= holding.bytes;
      holding.bytes = 0;
    };
    try {
      const sent = await this.collect(stream, holding);
      const bytes = gzip && sent.length > 0 ? await this.decompress(sent, holding) : sent;
      return { bytes, sentBytes: sent.length, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** All chunks in one. Past the limit it keeps none and reads on, so that the answer arrives. */
  private collect(stream: Readable, holding: { bytes: number }): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (stream.destroyed) {
        reject(new TripcoilError('bad_request', LOST));
        return;
      }
      let chunks: Buffer[] = [];
      let received = 0;
      let refusal: TripcoilError | null = null;
      const finish = (error: Error | null): void => {
        stream.off('data', onData).off('end', onEnd).off('error', onLost).off('close', onLost);
        if (error !== null) reject(error);
        else resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, received));
      };
      const onData = (chunk: Buffer): void => {
        received += chunk.length;
        if (refusal === null) {
          if (received > this.bodyBytes) refusal = this.tooLarge();
          else if (this.hold(chunk.length, holding)) chunks.push(chunk);
          else refusal = new TripcoilError('overloaded', BUSY, { retryable: true });
          if (refusal !== null) chunks = [];
        } else if (received > this.bodyBytes + LIMITS.drainBytes) finish(refusal);
      };
      const onEnd = (): void => finish(refusal);
      const onLost = (): void => {
        finish(new TripcoilError('bad_request', LOST));
      };
      stream.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost);
    });
  }

  private async decompress(sent: Buffer, holding: { bytes: number }): Promise<Buffer> {
    while (this.decompressing >= LIMITS.concurrentBodies) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.decompressing++;
    try {
      const bytes = await inflate(sent, { maxOutputLength: this.bodyBytes });
      if (!this.hold(bytes.length, holding)) {
        throw new TripcoilError('overloaded', BUSY, { retryable: true });
      }
      return bytes;
    } catch (error) {
      if (error instanceof TripcoilError) throw error;
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ERR_BUFFER_TOO_LARGE') throw this.tooLarge();
      throw new TripcoilError('bad_request', 'the body is not valid gzip');
    } finally {
      this.decompressing--;
      this.waiting.shift()?.();
    }
  }

  private hold(bytes: number, holding: { bytes: number }): boolean {
    if (this.held + bytes > this.budget) return false;
    this.held += bytes;
    holding.bytes += bytes;
    return true;
  }

  private tooLarge(): TripcoilError {
    const message = `the body exceeds ${this.bodyBytes} bytes, sent or decompressed`;
    return new TripcoilError('payload_too_large', message);
  }
}

const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip);

const LOST = 'the connection was lost while reading the body';
const BUSY = 'too many bodies are being read; retry later';

function isGzip(encoding: string | undefined): boolean {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return false;
  if (name === 'gzip' || name === 'x-gzip') return true;
  throw new TripcoilError('unsupported_media_type', 'content encodings: gzip, identity');
}

/** The media type of a header without its parameters, in lower case; '' where there is none. */
export function mediaType(header: string | undefined): string {
  return header?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
