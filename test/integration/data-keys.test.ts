import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createWorkplace,
  type ServedDaemon,
  serve,
  tripcoil,
  type Workplace,
} from './served-daemon.ts';
import { storedEntries } from './stored-event-ids.ts';

let workplace: Workplace;
let daemon: ServedDaemon;
let data: string;

beforeAll(async () => {
  workplace = await createWorkplace();
  data = join(workplace.directory, 'data');
  daemon = await serve(workplace);
});

afterAll(async () => {
  await daemon?.stop();
  await workplace?.remove();
});

const ORDER = ['--reason', 'yearly', '-o', 'json'] as const;
const there = () => ['--server', daemon.main, '--data-directory', data] as const;

async function json(...words: readonly string[]) {
  const { code, stdout, stderr } = await tripcoil(...words);
  expect(stderr + stdout).toContain(code === 0 ? '' : 'code 0');
  return JSON.parse(stdout);
}

describe('keys', () => {
  it('rotate, and are wrapped under another master while the daemon runs', async () => {
    const rotated = await json('keys', 'rotate-data', ...ORDER, ...there());
    expect(rotated).toMatchObject([{ tenant: '_system', generation: 2, state: 'kept' }]);
    expect(await json('keys', 'list', '-o', 'json', ...there())).toHaveLength(2);
    expect(await json('keys', 'rewrap', ...ORDER, ...there())).toEqual([{ keys: 2 }]);
    await daemon.kill();
    const kinds = (await storedEntries(join(data, 'ledger')))
      .filter(({ kind }) => kind === 'key')
      .map(({ body }) => JSON.parse(body).type);
    const ordered = ['data_keys_rotated', 'master_replacement_ordered', 'master_replaced'];
    expect(kinds).toEqual(expect.arrayContaining(['data_key_made', ...ordered]));
    expect((await tripcoil('verify', data)).code).toBe(0);
  });

  it('move under a master key of the environment while it is stopped', async () => {
    const moved = join(workplace.directory, 'moved.yaml');
    const master = randomBytes(32).toString('base64');
    const base = `data_directory: ./data\nlisten: { port: 0 }\notlp: { port: 0 }\n`;
    const ledger = `otlp_grpc: { port: 0 }\nledger: { master_key: { secret: "${master}" } }\n`;
    await writeFile(moved, `${base}${ledger}store: { kind: memory }\n`);
    const files = ['--stopped', '-c', moved, '--old-config', workplace.configFile];
    expect(await json('keys', 'rewrap', ...ORDER, ...files)).toEqual([{ keys: 2 }]);
    // Under the old master nothing can be read, and nothing is written.
    await expect(serve(workplace)).rejects.toThrow('another master key');
    daemon = await serve({ ...workplace, configFile: moved });
  });
});
