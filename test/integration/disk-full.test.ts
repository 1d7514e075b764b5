import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  tripcoil,
  type Workplace,
} from './served-daemon.ts';

const run = promisify(execFile);

function prlimitIsHere(): boolean {
  try {
    execFileSync('prlimit', ['--version']);
    return true;
  } catch {
    console.warn('skipped: prlimit of util-linux is not here to make a disk full');
    return false;
  }
}

let workplace: Workplace;
let daemon: ServedDaemon;
let token: string;

/** No file may grow beyond so many bytes, as on a full disk; null for any size. */
async function mayGrowTo(bytes: number | null): Promise<void> {
  const limit = `--fsize=${bytes ?? 'unlimited'}:unlimited`;
  await run('prlimit', ['--pid', String(daemon.process.pid), limit]);
}

function send(id: string): Promise<Response> {
  return fetch(`${daemon.main}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      ...{ id, time: Date.now(), tenant: 'default' },
      ...{ agent: { id: 'bot' }, action: { name: 'search' } },
    }),
  });
}

const readiness = async () => (await fetch(`${daemon.main}/readyz`)).status;

describe.skipIf(!prlimitIsHere())('a disk that is full', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    workplace = await createWorkplace();
    daemon = await serve(workplace);
    token = await daemon.token('local-ingest');
  }, 60_000);
  afterAll(async () => {
    await daemon.kill();
    await workplace.remove();
  });

  it('sends senders away until there is room, and keeps what it said it had', async () => {
    expect((await send('before')).status).toBeLessThan(300);
    await mayGrowTo(1);
    const refused = await send('refused');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.json()).toMatchObject({ code: 'storage_unavailable' });
    expect(await readiness()).toBe(503);
    await mayGrowTo(null);
    await eventually(readiness, (status) => status === 200);
    expect((await send('after')).status).toBeLessThan(300);
    await daemon.kill();
    const verified = await tripcoil('verify', join(workplace.directory, 'data'));
    expect(verified.stdout).toContain('intact: ');
    daemon = await serve(workplace);
    expect(await readiness()).toBe(200);
  });
});
