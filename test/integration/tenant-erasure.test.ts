import { readdir, readFile } from 'node:fs/promises';
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
import { storedEntries, storedSnapshots } from './stored-event-ids.ts';

const BROKER = 'tenant-erasure-broker-0123456789';
const SECOND = 'tenant-erasure-second-person-0123';
const CANARY = 'canary-of-acme-7f3a';
const KEPT = 'canary-of-globex-91c2';
const MAIL = 'alice@example.com';

let workplace: Workplace;
let daemon: ServedDaemon;
let operator: string;
let data: string;

beforeAll(async () => {
  workplace = await createWorkplace(`tokens:
  - { name: broker, token: ${BROKER}, roles: [ingest], tenants: [acme, globex], trust: broker }
  - { name: second, token: ${SECOND}, roles: [operator], tenants: ['*'] }
redaction: { modes: { email: vault } }`);
  data = join(workplace.directory, 'data');
  daemon = await serve(workplace);
  operator = await daemon.token('local-operator');
});

afterAll(async () => {
  await daemon?.stop();
  await workplace?.remove();
});

const order = (path: string, body: object, token = operator) =>
  call<Record<string, unknown>>(daemon, token, 'POST', path, body);

async function send(id: string, tenant: string, agent: string): Promise<void> {
  const event = {
    ...{ id, time: Date.now(), tenant, agent: { id: agent }, session: { id: `${agent}-session` } },
    ...{ principal: { sub: MAIL }, action: { name: `tool-${agent}`, op: 'write' } },
  };
  expect((await order('/v1/events', event, BROKER)).body).toMatchObject({ accepted: 1 });
}

/** Agents by name, once as many are known as wanted. */
function agents(count: number): Promise<readonly string[]> {
  const ask = async () => {
    const { body } = await call<{ items: { agent: string }[] }>(
      daemon,
      operator,
      'GET',
      '/v1/agents',
    );
    return body.items.map(({ agent }) => agent).sort();
  };
  return eventually(ask, (found) => found.length === count);
}

/** Where the text stands below the data directory, raw or opened with the keys that lie there. */
async function placesOf(text: string): Promise<readonly string[]> {
  const places: string[] = [];
  for (const file of await readdir(data, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name);
    if (file.isFile() && (await readFile(path)).includes(text)) places.push(path);
  }
  if ((await storedEntries(join(data, 'ledger'))).some(({ body }) => body.includes(text))) {
    places.push('ledger, opened');
  }
  if ((await storedSnapshots(data)).some((chunk) => chunk.includes(text))) {
    places.push('snapshots, opened');
  }
  return places;
}

describe('a tenant', () => {
  it('lies nowhere in plain, and can be read with the keys', async () => {
    await send('a-1', 'acme', CANARY);
    await send('g-1', 'globex', KEPT);
    await agents(2);
    expect(await daemon.stop()).toBe(0);
    expect(await placesOf(CANARY)).toEqual(['ledger, opened', 'snapshots, opened']);
    expect(await placesOf(KEPT)).toEqual(['ledger, opened', 'snapshots, opened']);
    daemon = await serve(workplace);
  });

  it('is erased once a second person agrees', async () => {
    const words = ['--server', daemon.main, '-o', 'json', '--data-directory', data];
    const reason = ['--tenant', 'acme', '--reason', 'they left us'];
    const asked = await tripcoil('tenants', 'erase', ...reason, ...words);
    expect(asked.stderr).toContain('have somebody else run `tripcoil tenants approve');
    const [{ id, status }] = JSON.parse(asked.stdout);
    expect(status).toBe('requested');
    expect((await order(`/v1/erasures/${id}/approve`, {})).status).toBe(403);
    const agreed = await tripcoil('tenants', 'approve', id, '--token', SECOND, ...words);
    expect(JSON.parse(agreed.stdout)).toMatchObject([
      { tenant: 'acme', status: 'erased', data_keys: 1, events: 1, rows_deleted: true },
    ]);
    expect(agreed.stderr).toContain('acme is erased');
    expect(await agents(1)).toEqual([KEPT]);
    const chain = await call(daemon, operator, 'GET', `/v1/chains/${CANARY}-session`);
    expect(chain.status).toBe(404);
  });

  it('can be read from no file, also after restarts, and every proof holds', async () => {
    await daemon.kill();
    expect(await placesOf(CANARY)).toEqual([]);
    daemon = await serve(workplace);
    expect(await agents(1)).toEqual([KEPT]);
    expect(await daemon.stop()).toBe(0);
    expect(await placesOf(CANARY)).toEqual([]);
    expect((await placesOf(KEPT)).length).toBe(2);
    const verified = await tripcoil('verify', data, '-o', 'json');
    const { ok, transparency } = JSON.parse(verified.stdout);
    expect(ok).toBe(true);
    expect(transparency.erased).toBeGreaterThan(0);
    expect(transparency.logs).toBeGreaterThanOrEqual(3);
    const told = await tripcoil('verify', data);
    expect(told.stderr).toContain(`${transparency.erased} entries are erased`);
    daemon = await serve(workplace);
  });

  it('begins anew when it comes back', async () => {
    await send('a-1', 'acme', 'newcomer');
    expect(await agents(2)).toEqual([KEPT, 'newcomer']);
  });
});
