import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  tripcoil,
  type Workplace,
} from './served-daemon.ts';

let workplace: Workplace;
let daemon: ServedDaemon;
let kept: string;

const event = (id: string) => ({
  ...{ id, time: Date.now(), tenant: 'default' },
  ...{ agent: { id: 'bot' }, action: { name: 'search' } },
});
const told = (...words: readonly string[]) =>
  tripcoil(
    ...['ledger', ...words, '--tenant', 'default', '--server', daemon.main],
    ...['--data-directory', join(workplace.directory, 'data')],
  );

async function send(id: string): Promise<void> {
  const token = await daemon.token('local-ingest');
  expect((await call(daemon, token, 'POST', '/v1/events', event(id))).status).toBeLessThan(300);
}

async function ask<Body>(path: string) {
  return call<Body>(daemon, await daemon.token('local-operator'), 'GET', path);
}

async function newest(): Promise<string> {
  type Logs = { readonly items: readonly { readonly checkpoint: string | null }[] };
  const { body } = await ask<Logs>('/v1/ledger/logs?tenant=default');
  return body.items[0]?.checkpoint ?? '';
}

const sizeOf = (checkpoint: string) => Number(checkpoint.split('\n')[1] ?? 0);

beforeAll(async () => {
  workplace = await createWorkplace();
  daemon = await serve(workplace);
  await send('a');
  kept = join(workplace.directory, 'kept');
  await writeFile(kept, await eventually(newest, (checkpoint) => sizeOf(checkpoint) > 0));
}, 60_000);
afterAll(async () => {
  await daemon.kill();
  await workplace.remove();
});

describe('proofs from the command line', { timeout: 60_000 }, () => {
  it('proves that the log has only grown since a checkpoint that was kept', async () => {
    const before = sizeOf(await newest());
    await send('b');
    await eventually(newest, (checkpoint) => sizeOf(checkpoint) > before);
    const { code, stderr } = await told('consistency', kept);
    expect(stderr).toContain('the log has only grown');
    expect(code).toBe(0);
  });

  it('tells a checkpoint of another history, and one that the key did not sign', async () => {
    const lines = (await readFile(kept, 'utf8')).split('\n');
    const forged = join(workplace.directory, 'forged');
    lines[2] = Buffer.alloc(32, 7).toString('base64');
    await writeFile(forged, lines.join('\n'));
    const { code, stderr } = await told('consistency', forged);
    expect(stderr).toContain('signed by another key');
    expect(code).toBe(6);
  });

  it('proves an entry, and says where there is none', async () => {
    const proofs = await Promise.all(
      [1, 2, 3, 4, 5].map((seq) =>
        ask<{ proof?: string }>(`/v1/ledger/proof?tenant=default&seq=${seq}`),
      ),
    );
    const found = proofs.findIndex(({ status }) => status === 200) + 1;
    const { stdout } = await told('proof', String(found));
    expect(stdout).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
    // The first entry is of the log of the process itself.
    expect(proofs[0]?.status).toBe(404);
    expect((await ask('/v1/ledger/consistency?tenant=default&from=999999')).status).toBe(404);
  });
});
