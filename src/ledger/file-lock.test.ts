import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, findLockHolder } from './file-lock.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tripcoil-lock-'));
  path = join(directory, 'lock');
});
afterEach(() => rm(directory, { recursive: true }));

describe('acquireLock', () => {
  it('admits one holder at a time and names it', async () => {
    const lock = await acquireLock(path);
    expect(await findLockHolder(path)).toBe(process.pid);
    await expect(acquireLock(path)).rejects.toMatchObject({
      code: 'ledger_locked',
      message: expect.stringContaining(`Process ${process.pid} `),
    });
    await lock.release();
    await lock.release();
    expect(await findLockHolder(path)).toBeNull();
    await (await acquireLock(path)).release();
  });

  it('respects a live process and takes over from a dead one', async () => {
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    await once(other, 'spawn');
    await writeFile(path, `{"pid":${other.pid},"started":null}\n`);
    await expect(acquireLock(path)).rejects.toMatchObject({
      message: expect.stringContaining(`Process ${other.pid} `),
    });
    other.stdin.end();
    await once(other, 'exit');
    const lock = await acquireLock(path);
    expect(await readFile(path, 'utf8')).toContain(`"pid":${process.pid},`);
    await lock.release();
  });

  it('takes over from a namesake, a reused id, and an empty file', async () => {
    const leftovers = [`{"pid":${process.pid},"started":null}\n`, ''];
    if (process.platform === 'linux') leftovers.push(`{"pid":1,"started":"gone:1"}\n`);
    for (const leftover of leftovers) {
      await writeFile(path, leftover);
      expect(await findLockHolder(path)).toBeNull();
      await (await acquireLock(path)).release();
    }
  });
});
