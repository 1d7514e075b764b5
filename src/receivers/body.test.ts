import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { BodyReader, mediaType } from './body.ts';

const GZIP = { 'content-encoding': 'gzip' };

const sent = (...chunks: Buffer[]): PassThrough => {
  const stream = new PassThrough();
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return stream;
};

describe('BodyReader', () => {
  it('joins chunks and decompresses', async () => {
    const bodies = new BodyReader({ bodyBytes: 100 });
    const plain = await bodies.read(sent(Buffer.from('ab'), Buffer.from('c')), {});
    expect(Buffer.from(plain.bytes).toString()).toBe('abc');
    const packed = gzipSync('x'.repeat(100));
    const body = await bodies.read(sent(packed), { 'content-encoding': 'GZIP' });
    expect([body.bytes.length, body.sentBytes]).toEqual([100, packed.length]);
  });

  it.each([
    ['as it was sent', (bytes: Buffer) => sent(bytes), {}],
    ['unpacked', (bytes: Buffer) => sent(gzipSync(bytes)), GZIP],
  ])('lets others run while it puts a large body together, %s', async (_case, send, headers) => {
    let turns = 0;
    const bodies = new BodyReader({ nextTurn: async () => ++turns });
    const small = await bodies.read(send(Buffer.alloc(1024 * 1024, 'x')), headers);
    expect([small.bytes.length, turns]).toEqual([1024 * 1024, 0]);
    const large = Buffer.alloc(5 * 1024 * 1024 + 1, 'abcdefg');
    const body = await bodies.read(send(large), headers);
    expect(Buffer.compare(body.bytes, large)).toBe(0);
    expect(turns).toBe(5);
  });

  it('holds what is being unpacked, and gives it back when it is too much', async () => {
    const bodies = new BodyReader({ bodyBytes: 300_000 });
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const refused = { code: 'payload_too_large' };
    for (let round = 0; round < 20; round++) {
      await expect(bodies.read(sent(bomb), GZIP, 'acme')).rejects.toMatchObject(refused);
    }
    const fine = await bodies.read(sent(gzipSync(Buffer.alloc(300_000))), GZIP, 'acme');
    expect(fine.bytes.length).toBe(300_000);
  });

  it.each([
    ['too long', 'y'.repeat(101), {}, 'payload_too_large'],
    ['too long once unpacked', gzipSync('x'.repeat(101)), GZIP, 'payload_too_large'],
    ['no gzip', 'plain', GZIP, 'bad_request'],
    ['gzip cut short', gzipSync('hello').subarray(0, 12), GZIP, 'bad_request'],
    ['brotli', 'x', { 'content-encoding': 'br' }, 'unsupported_media_type'],
    ['declared far too long', '', { 'content-length': '9000000000' }, 'payload_too_large'],
  ])('refuses what is %s', async (_case, payload, headers, code) => {
    const read = new BodyReader({ bodyBytes: 100 }).read(sent(Buffer.from(payload)), headers);
    await expect(read).rejects.toMatchObject({ code });
  });

  it('gives up when the sender is gone, before or while reading', async () => {
    const bodies = new BodyReader();
    const gone = new PassThrough();
    gone.destroy();
    await expect(bodies.read(gone, {})).rejects.toMatchObject({ code: 'bad_request' });
    const going = new PassThrough();
    const read = bodies.read(going, {});
    going.destroy();
    await expect(read).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('holds no more than its budget until bodies are released', async () => {
    const bodies = new BodyReader({ bodyBytes: 10 });
    const full = (share: string) => bodies.read(sent(Buffer.alloc(10)), {}, share);
    const overShare = { code: 'over_share', retryable: true };
    // Of eighty bytes one tenant gets forty, the next twenty, and a third ten.
    const held = await Promise.all(Array.from({ length: 4 }, () => full('acme')));
    await expect(full('acme')).rejects.toMatchObject(overShare);
    await Promise.all([full('globex'), full('globex'), full('initech')]);
    await expect(full('globex')).rejects.toMatchObject(overShare);
    await expect(full('umbrella')).rejects.toMatchObject({ code: 'overloaded', retryable: true });
    held[0]?.release();
    held[0]?.release();
    await expect(full('umbrella')).resolves.toBeDefined();
    await expect(full('umbrella')).rejects.toMatchObject(overShare);
  });

  it('gives memory back when a body is released, and touches nobody else’s', async () => {
    const bodies = new BodyReader();
    const chunk = Buffer.alloc(100_000, 'x');
    const plain = await bodies.read(sent(chunk), {});
    const packed = await bodies.read(sent(gzipSync(chunk)), GZIP);
    expect([plain.bytes.length, packed.bytes.length]).toEqual([100_000, 100_000]);
    for (const body of [plain, packed]) body.release();
    plain.release();
    expect([plain.bytes.length, packed.bytes.length]).toEqual([0, 0]);
    expect(chunk.toString()).toBe('x'.repeat(100_000));
  });

  it('takes up no more of one tenant than is soon worked off', async () => {
    const bodies = new BodyReader();
    const eighth = Math.ceil(LIMITS.waitingBodyBytes / 8);
    const send = (share: string, bytes: number) =>
      bodies.read(sent(Buffer.alloc(bytes)), {}, share);
    const large = await Promise.all(Array.from({ length: 8 }, () => send('acme', eighth)));
    // Few bodies may be large, and many may be small.
    const small = Array.from({ length: LIMITS.waitingBodies - 8 }, () => send('acme', 1));
    const held = [...large, ...(await Promise.all(small))];
    const refusal = { code: 'over_share', retryable: true };
    await expect(send('acme', 1)).rejects.toMatchObject(refusal);
    await expect(send('globex', eighth)).resolves.toMatchObject({ sentBytes: eighth });
    held[0]?.release();
    held[0]?.release();
    held.push(await send('acme', eighth));
    await expect(send('acme', 1)).rejects.toMatchObject(refusal);
    for (const body of held) body.release();
    const many = Array.from({ length: 4 * LIMITS.waitingBodies }, () => send('acme', 1));
    expect(await Promise.all(many)).toHaveLength(4 * LIMITS.waitingBodies);
  });

  it('gives back what a sender held who is gone in the middle', async () => {
    const bodies = new BodyReader({ bodyBytes: 10 });
    for (let round = 0; round < 20; round++) {
      const going = new PassThrough();
      const read = bodies.read(going, {}, 'acme');
      going.write(Buffer.alloc(10));
      await new Promise(setImmediate);
      going.destroy();
      await expect(read).rejects.toMatchObject({ code: 'bad_request' });
    }
    await expect(bodies.read(sent(Buffer.alloc(10)), {}, 'acme')).resolves.toBeDefined();
  });

  it('unpacks any number of bodies, a few at a time', async () => {
    const bodies = new BodyReader({ bodyBytes: 1_000 });
    const packed = gzipSync('x'.repeat(10));
    const all = await Promise.all(
      Array.from({ length: 50 }, () => bodies.read(sent(packed), GZIP)),
    );
    expect(all.every((body) => body.bytes.length === 10)).toBe(true);
  });

  it('unpacks nothing for senders who went while their body waited its turn', async () => {
    const bodies = new BodyReader({ bodyBytes: 1_000 });
    const unpacked = Promise.all(
      Array.from({ length: LIMITS.concurrentBodies }, () =>
        bodies.read(sent(gzipSync('x'.repeat(10))), GZIP),
      ),
    );
    const socket = { destroyed: false };
    // Had it been unpacked, it would have been refused as broken.
    const left = bodies.read(Object.assign(sent(Buffer.from('no gzip')), { socket }), GZIP);
    const after = bodies.read(sent(gzipSync('after')), GZIP);
    socket.destroyed = true;
    await expect(left).rejects.toMatchObject({ message: expect.stringContaining('lost') });
    expect(Buffer.from((await after).bytes).toString()).toBe('after');
    await unpacked;
  });
});

it('takes a media type without its parameters', () => {
  expect(mediaType(' Application/JSON ; charset=utf-8')).toBe('application/json');
  expect(mediaType(undefined)).toBe('');
});
