import { promisify } from 'node:util';
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import type * as kafkajs from 'kafkajs';
import { LIMITS } from '../../core/limits.ts';

/** Why compressed records cannot be read. Trying again changes nothing. */
export class UnreadableRecords extends Error {
  /** Read by kafkajs: it gives up at once. */
  readonly retriable = false;

  constructor(message: string) {
    super(message);
    this.name = 'UnreadableRecords';
  }
}

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

type Decompress = (
  buffer: Buffer,
  options: { readonly maxOutputLength: number },
) => Promise<Buffer>;

/**
 * Gives kafkajs the codecs that Node has, gzip and zstd, bounded in what they may unfold to. Of
 * snappy and lz4 it learns to say what they are.
 */
export function registerCodecs({
  CompressionCodecs: codecs,
  CompressionTypes: types,
}: typeof kafkajs): void {
  codecs[types.GZIP] = () => codec('gzip', promisify(gzip), promisify(gunzip) as Decompress);
  codecs[types.ZSTD] = () =>
    codec('zstd', promisify(zstdCompress), promisify(zstdDecompress) as Decompress);
  codecs[types.Snappy] = () => unsupported('snappy');
  codecs[types.LZ4] = () => unsupported('lz4');
}

function codec(
  name: string,
  compress: (buffer: Buffer) => Promise<Buffer>,
  decompress: Decompress,
): Codec {
  return {
    compress: ({ buffer }) => compress(buffer),
    decompress: async (buffer) => {
      try {
        return await decompress(buffer, { maxOutputLength: LIMITS.bodyBytes });
      } catch (error) {
        const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
        throw new UnreadableRecords(
          isTooLarge
            ? `a ${name} batch unfolds to more than ${LIMITS.bodyBytes} bytes`
            : `a batch is not valid ${name}`,
        );
      }
    },
  };
}

function unsupported(name: string): never {
  throw new UnreadableRecords(
    `records are compressed with ${name}, which is not read: set the producer, or ` +
      'compression.type of the topic, to zstd, gzip or uncompressed',
  );
}
