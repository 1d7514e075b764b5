import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { TripcoilError } from '../core/errors.ts';
import { FairQueue, fairShare } from '../core/fair-queue.ts';
import { LIMITS } from '../core/limits.ts';

/**
 * A request's body, decompressed. `release` gives its bytes back to the budget, and its memory to
 * the system: nothing can be read from them afterwards.
 */
export interface Body {
  readonly bytes: Uint8Array;
  /** Length before decompression. */
  readonly sentBytes: number;
  release(): void;
}

/**
 * Reads and decompresses request bodies within bounds shared by every receiver it is given to: one
 * body is at most `bodyBytes` before and after decompression, all bodies together
 * `concurrentBodies` times both, and no more than `concurrentBodies` are decompressed at once. A
 * tenant holds at most half of what the others leave, and tenants are decompressed for in turn. Of
 * many bodies only so much is taken up as is soon worked off (`waitingBodyBytes`).
 */
export class BodyReader {
  private readonly bodyBytes: number;
  private readonly budget: number;
  private readonly nextTurn: () => Promise<unknown>;
  private held = 0;
  private decompressing = 0;
  private readonly heldBy = new Map<string, { bodies: number; bytes: number }>();
  private readonly waiting = new FairQueue<() => void>(1);

  /** `nextTurn` resolves once others have run; in a later pass of the event loop unless given. */
  constructor(
    options: { readonly bodyBytes?: number; readonly nextTurn?: () => Promise<unknown> } = {},
  ) {
    this.bodyBytes = options.bodyBytes ?? LIMITS.bodyBytes;
    this.nextTurn = options.nextTurn ?? turn;
    this.budget = 2 * LIMITS.concurrentBodies * this.bodyBytes;
  }

  /**
   * @throws TripcoilError `payload_too_large`, `unsupported_media_type` (content encoding),
   * `bad_request` (broken gzip, connection lost), `over_share` or `overloaded` (the budget of the
   * tenant or of the process is used up). `share` says whose the body is, see `shareOf`.
   */
  async read(stream: Readable, headers: IncomingHttpHeaders, share = ''): Promise<Body> {
    const gzip = isGzip(headers['content-encoding']);
    if (Number(headers['content-length'] ?? 0) > this.bodyBytes + LIMITS.drainBytes) {
      throw this.tooLarge();
    }
    const holding = this.takeUp(share);
    try {
      const sent = await joined(await this.collect(stream, holding), this.nextTurn);
      const sentBytes = sent.length;
      let bytes = sent;
      if (gzip && sentBytes > 0) {
        bytes = await this.decompress(sent, holding, stream);
        free(sent);
      }
      const release = (): void => {
        this.letGo(holding);
        free(bytes);
      };
      return { bytes, sentBytes, release };
    } catch (error) {
      this.letGo(holding);
      throw error;
    }
  }

  /** All chunks. Past the limit it keeps none and reads on, so that the answer arrives. */
  private collect(stream: Readable, holding: Holding): Promise<Buffer[]> {
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
        else resolve(chunks);
      };
      const onData = (chunk: Buffer): void => {
        received += chunk.length;
        if (refusal === null) {
          if (received > this.bodyBytes) refusal = this.tooLarge();
          else refusal = this.hold(chunk.length, holding);
          if (refusal === null) chunks.push(chunk);
          else chunks = [];
        } else if (received > this.bodyBytes + LIMITS.drainBytes) finish(refusal);
      };
      const onEnd = (): void => finish(refusal);
      const onLost = (): void => {
        finish(new TripcoilError('bad_request', LOST));
      };
      stream.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost);
    });
  }

  private async decompress(sent: Buffer, holding: Holding, sender: Readable): Promise<Buffer> {
    if (this.decompressing < LIMITS.concurrentBodies) this.decompressing++;
    else await new Promise<void>((resolve) => this.waiting.push(holding.share, resolve, 1));
    try {
      // Nobody is left to be answered, and who waits behind it is.
      if (isGone(sender)) throw new TripcoilError('bad_request', LOST);
      return await joined(await this.unpack(sent, holding), this.nextTurn);
    } catch (error) {
      if (error instanceof TripcoilError) throw error;
      throw new TripcoilError('bad_request', 'the body is not valid gzip');
    } finally {
      // The next one takes over the place.
      const next = this.waiting.take();
      if (next === undefined) this.decompressing--;
      else next();
    }
  }

  /** What does not fit is given up as soon as that shows. */
  private unpack(sent: Buffer, holding: Holding): Promise<Buffer[]> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const gunzip = createGunzip({ chunkSize: chunkBytesFor(sent.length) });
      gunzip.on('data', (chunk: Buffer) => {
        length += chunk.length;
        const refusal =
          length > this.bodyBytes ? this.tooLarge() : this.hold(chunk.length, holding);
        if (refusal === null) chunks.push(chunk);
        else gunzip.destroy(refusal);
      });
      gunzip.on('end', () => resolve(chunks)).on('error', reject);
      gunzip.end(sent);
    });
  }

  /** @throws TripcoilError `over_share` when as much waits already as is soon worked off. */
  private takeUp(share: string): Holding {
    const own = this.heldBy.get(share) ?? { bodies: 0, bytes: 0 };
    if (own.bodies >= LIMITS.waitingBodies && own.bytes >= LIMITS.waitingBodyBytes) {
      throw new TripcoilError('over_share', BUSY, { retryable: true });
    }
    own.bodies += 1;
    this.heldBy.set(share, own);
    return { share, bytes: 0, released: false };
  }

  /** Null when there is room, else why not. */
  private hold(bytes: number, holding: Holding): TripcoilError | null {
    const own = this.heldBy.get(holding.share) ?? { bodies: 0, bytes: 0 };
    if (own.bytes + bytes > fairShare(this.budget, this.held - own.bytes)) {
      const code = own.bytes > holding.bytes ? 'over_share' : 'overloaded';
      return new TripcoilError(code, BUSY, { retryable: true });
    }
    this.held += bytes;
    own.bytes += bytes;
    holding.bytes += bytes;
    return null;
  }

  private letGo(holding: Holding): void {
    const own = this.heldBy.get(holding.share);
    if (own === undefined || holding.released) return;
    holding.released = true;
    this.held -= holding.bytes;
    own.bytes -= holding.bytes;
    own.bodies -= 1;
    if (own.bodies === 0) this.heldBy.delete(holding.share);
  }

  private tooLarge(): TripcoilError {
    const message = `the body exceeds ${this.bodyBytes} bytes, sent or decompressed`;
    return new TripcoilError('payload_too_large', message);
  }
}

/** Bytes that one request holds of the budget, and in whose share. */
interface Holding {
  readonly share: string;
  bytes: number;
  released: boolean;
}

/**
 * All chunks in one, copied slice by slice so that others run in between: new memory costs the
 * thread some 2 ms a MiB. Always a copy: memory that chunks of a socket share with others cannot be
 * freed.
 */
async function joined(chunks: Buffer[], nextTurn: () => Promise<unknown>): Promise<Buffer> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  let sliceEnd = COPIED_PER_TURN;
  for (const chunk of chunks.splice(0)) {
    for (let from = 0; from < chunk.length; ) {
      if (at >= sliceEnd) {
        await nextTurn();
        sliceEnd = at + COPIED_PER_TURN;
      }
      const copied = chunk.copy(bytes, at, from, from + sliceEnd - at);
      at += copied;
      from += copied;
    }
  }
  return bytes;
}

const COPIED_PER_TURN = 1024 * 1024;

/** Each chunk is a way to another thread and back; one for a small body need not be large. */
function chunkBytesFor(sentBytes: number): number {
  return sentBytes > 64 * 1024 ? 256 * 1024 : 16 * 1024;
}

/**
 * Gives memory back at once that nobody shares. A body waits for long enough to grow old, and of
 * old buffers the garbage collector frees nothing before it has gone over the whole heap: 64 MiB of
 * them make it do so, for a quarter of a second at half the speed.
 */
function free({ buffer, byteLength }: Uint8Array): void {
  if (byteLength > 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) {
    buffer.transfer(0);
  }
}

/** A request that was read to its end is closed itself; only its connection still tells. */
function isGone(stream: Readable & { readonly socket?: { readonly destroyed: boolean } }): boolean {
  return stream.socket?.destroyed === true;
}

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
