import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { array, asyncProperty, assert as check, string } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linesOf } from './text-lines.ts';

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tripcoil-lines-'));
});

afterAll(() => rm(directory, { recursive: true }));

async function fileWith(content: string | Uint8Array, name = 'input'): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, content);
  return file;
}

async function read(file: string): Promise<(string | null)[]> {
  return (await Array.fromAsync(linesOf(file))).map(({ text }) => text);
}

describe('linesOf', () => {
  it('gives back what was written, whatever the lines hold', async () => {
    const line = string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\n\uFEFF]/g, ''));
    await check(
      asyncProperty(array(line, { maxLength: 20 }), async (lines) => {
        const file = await fileWith(lines.map((text) => `${text}\n`).join(''));
        expect(await read(file)).toEqual(lines);
      }),
      { numRuns: 50 },
    );
  });

  it('ends lines at line feeds alone, since JSON text may hold the other separators', async () => {
    expect(await read(await fileWith('a\u2028b\u2029c\u0085d\re\nf'))).toEqual([
      'a\u2028b\u2029c\u0085d\re',
      'f',
    ]);
  });

  it('joins characters that fall apart over reads, and drops a byte order mark', async () => {
    const long = 'é€𝄞'.repeat(50_000);
    expect(await read(await fileWith(`\uFEFF${long}\n${long}`))).toEqual([long, long]);
  });

  it('knows gzip by its first bytes, not by the name', async () => {
    expect(await read(await fileWith(gzipSync('one\ntwo\n'), 'plain.txt'))).toEqual(['one', 'two']);
    expect(await read(await fileWith('one\n', 'named.gz'))).toEqual(['one']);
  });

  it('counts lines from 1', async () => {
    const lines = await Array.fromAsync(linesOf(await fileWith('a\n\nb')));
    expect(lines.map(({ line }) => line)).toEqual([1, 2, 3]);
  });

  it('gives nothing for an empty file', async () => {
    expect(await read(await fileWith(''))).toEqual([]);
  });

  it.each([
    ['a missing file', () => join(directory, 'nowhere'), 'not_found', 'no such file'],
    ['a directory', () => directory, 'bad_request', 'is a directory, not a file'],
  ])('names %s', async (_what, file, code, reason) => {
    await expect(read(file())).rejects.toMatchObject({ code, message: `${file()}: ${reason}` });
  });

  it('says of cut and of damaged gzip which it is', async () => {
    const zipped = gzipSync('line\n'.repeat(1_000));
    const cut = await fileWith(zipped.subarray(0, zipped.length - 12), 'cut.gz');
    await expect(read(cut)).rejects.toThrow(`${cut}: its gzip data end early`);
    const damaged = Buffer.from(zipped);
    damaged.fill(0xff, 12, 30);
    const file = await fileWith(damaged, 'damaged.gz');
    await expect(read(file)).rejects.toThrow(`${file}: its gzip data are damaged`);
  });
});
