import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { type Codec, GZIP, LZ4, SNAPPY, ZSTD } from './codecs.ts';

const CODECS: readonly (readonly [string, Codec])[] = [
  ['gzip', GZIP],
  ['zstd', ZSTD],
  ['snappy', SNAPPY],
  ['lz4', LZ4],
];
const text: Buffer = Buffer.from('{"id":"evt-1","agent":{"id":"invoice-bot"}}\n'.repeat(5_000));
const tooLarge = Buffer.alloc(LIMITS.bodyBytes + 1, ' ');

describe('the codecs of Kafka', () => {
  it.each(CODECS)('unpack what %s packed', async (_name, codec) => {
    const packed = await codec.compress({ buffer: text });
    expect(packed.length).toBeLessThan(text.length / 5);
    expect((await codec.decompress(packed)).equals(text)).toBe(true);
  });

  it.each(CODECS)('refuse a %s bomb', async (name, codec) => {
    const bomb = await codec.compress({ buffer: tooLarge });
    expect(bomb.length).toBeLessThan(LIMITS.bodyBytes / 10);
    await expect(codec.decompress(bomb)).rejects.toThrow(
      `a batch (${name}) unfolds to more than ${LIMITS.bodyBytes} bytes`,
    );
  });

  it.each(CODECS)('refuse what is no %s, cut or altered', async (name, codec) => {
    const packed = await codec.compress({ buffer: text });
    for (const broken of [
      Buffer.alloc(0),
      Buffer.from('no frame at all'),
      packed.subarray(0, packed.length - 1),
      packed.subarray(0, 9),
    ]) {
      const outcome = await codec.decompress(broken).then(
        () => 'taken',
        (error: Error) => error.message,
      );
      expect(outcome).toBe(`a batch is not valid ${name}`);
    }
  });
});

/** As the Java client writes it: a header, then blocks behind their lengths. */
async function xerial(parts: readonly Buffer[]): Promise<Buffer> {
  const header = Buffer.from('82534e41505059000000000100000001', 'hex');
  const framed: Buffer[] = [header];
  for (const part of parts) {
    const block = await SNAPPY.compress({ buffer: part });
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    framed.push(length, block);
  }
  return Buffer.concat(framed);
}

describe('snappy as the Java client frames it', () => {
  it('joins the blocks, also of streams that follow one another', async () => {
    const one = await xerial([Buffer.from('ab'), Buffer.from('c')]);
    const two = await xerial([Buffer.from('d')]);
    expect(String(await SNAPPY.decompress(one))).toBe('abc');
    expect(String(await SNAPPY.decompress(Buffer.concat([one, two])))).toBe('abcd');
  });

  it('adds up what all blocks claim before unpacking any', async () => {
    const claim = Buffer.from([0x80, 0x80, 0x80, 0x10, 0x00]);
    const length = Buffer.from([0, 0, 0, claim.length]);
    const header = (await xerial([])).subarray(0, 16);
    const half = Buffer.concat([length, claim]);
    await expect(SNAPPY.decompress(Buffer.concat([header, half, half, half]))).rejects.toThrow(
      'unfolds to more',
    );
    await expect(SNAPPY.decompress(Buffer.concat([header, half]))).rejects.toThrow('not valid');
  });

  it('refuses lengths that lead outside', async () => {
    const whole = await xerial([Buffer.from('ab')]);
    for (const length of [17, 18, 19, whole.length - 1]) {
      await expect(SNAPPY.decompress(whole.subarray(0, length))).rejects.toThrow('not valid');
    }
  });
});

describe('an LZ4 frame', () => {
  const header = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73];

  it('is measured by its blocks before any is unpacked', async () => {
    const block = Buffer.alloc(4 + 1024 * 1024);
    block.writeUInt32LE(1024 * 1024);
    const blocks = Array.from({ length: 17 }, () => block);
    const bomb = Buffer.concat([Buffer.from(header), ...blocks, Buffer.alloc(4)]);
    await expect(LZ4.decompress(bomb)).rejects.toThrow('unfolds to more');
  });

  it('stands alone', async () => {
    const frame = await LZ4.compress({ buffer: text });
    await expect(LZ4.decompress(Buffer.concat([frame, frame]))).rejects.toThrow('not valid lz4');
  });
});
