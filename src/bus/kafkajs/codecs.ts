import { promisify } from 'node:util';
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import type * as kafkajs from 'kafkajs';
import type * as Lz4 from 'lz4-napi';
import type * as Snappy from 'snappy';
import { LIMITS } from '../../core/limits.ts';
import { lz4BytesAtMost, snappyBlocks } from './framing.ts';

/** Why compressed records cannot be read. Trying again changes nothing. */
export class UnreadableRecords extends Error {
  /** Read by kafkajs: it gives up at once. */
  readonly retriable = false;

  constructor(message: string) {
    super(message);
    this.name = 'UnreadableRecords';
  }
}

/** Packs and unpacks a batch; unpacking is bounded by `LIMITS.bodyBytes`. */
export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  /** @throws UnreadableRecords where the batch is broken or unfolds to too much. */
  decompress(buffer: Buffer): Promise<Buffer>;
}

/** Gives kafkajs every codec of Kafka. Those that Node lacks are loaded when records need them. */
export function registerCodecs({
  CompressionCodecs: codecs,
  CompressionTypes: types,
}: typeof kafkajs): void {
  codecs[types.GZIP] = () => GZIP;
  codecs[types.ZSTD] = () => ZSTD;
  codecs[types.Snappy] = () => SNAPPY;
  codecs[types.LZ4] = () => LZ4;
}

type Unpack = (buffer: Buffer) => Promise<Buffer>;
const BOUND = { maxOutputLength: LIMITS.bodyBytes };

export const GZIP: Codec = codec('gzip', promisify<Buffer, Buffer>(gzip), (buffer) =>
  promisify<Buffer, typeof BOUND, Buffer>(gunzip)(buffer, BOUND),
);

export const ZSTD: Codec = codec('zstd', promisify<Buffer, Buffer>(zstdCompress), (buffer) =>
  promisify<Buffer, typeof BOUND, Buffer>(zstdDecompress)(buffer, BOUND),
);

/** The default of Cerbos and of many a Java producer. */
export const SNAPPY: Codec = codec(
  'snappy',
  async (buffer) => (await snappy()).compress(buffer),
  async (batch) => {
    const { blocks, claimedBytes } = snappyBlocks(batch);
    if (claimedBytes > LIMITS.bodyBytes) throw new TooLarge();
    const { uncompress } = await snappy();
    const parts: Buffer[] = [];
    for (const block of blocks) parts.push((await uncompress(block)) as Buffer);
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  },
);

export const LZ4: Codec = codec(
  'lz4',
  async (buffer) => (await lz4()).compressFrame(buffer),
  async (frame) => {
    if (lz4BytesAtMost(frame) > LIMITS.bodyBytes) throw new TooLarge();
    return (await lz4()).decompressFrame(frame);
  },
);

class TooLarge extends Error {
  readonly code = 'ERR_BUFFER_TOO_LARGE';
}

function codec(name: string, pack: Unpack, unpack: Unpack): Codec {
  return {
    compress: ({ buffer }) => pack(buffer),
    decompress: async (buffer) => {
      try {
        return await unpack(buffer);
      } catch (error) {
        throw unreadable(name, error);
      }
    },
  };
}

function unreadable(name: string, error: unknown): UnreadableRecords {
  if (error instanceof UnreadableRecords) return error;
  const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
  return new UnreadableRecords(
    isTooLarge
      ? `a batch (${name}) unfolds to more than ${LIMITS.bodyBytes} bytes`
      : `a batch is not valid ${name}`,
  );
}

const snappy = (): Promise<typeof Snappy> => native('snappy', () => import('snappy'));
const lz4 = (): Promise<typeof Lz4> => native('lz4', () => import('lz4-napi'));

/** Both come as binaries for the usual platforms; elsewhere records of that codec stay unread. */
async function native<Module>(name: string, load: () => Promise<unknown>): Promise<Module> {
  try {
    return ((await load()) as { readonly default: Module }).default;
  } catch {
    throw new UnreadableRecords(
      `records are compressed with ${name}, for which this platform has no package: set the ` +
        'producer, or compression.type of the topic, to zstd, gzip or uncompressed',
    );
  }
}
