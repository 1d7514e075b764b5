import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BreakerClient, createBreakerClient } from '../../client/src/index.ts';
import { type OwnDaemon, startOwnDaemon } from './canary-in-process.ts';
import { createWorkplace, eventually, type Workplace } from './served-daemon.ts';

const BROKER = 'gateway-token-of-16';
const KEY = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' } as const;

let workplace: Workplace;
let own: OwnDaemon;
const clients: BreakerClient[] = [];

beforeAll(async () => {
  workplace = await createWorkplace(
    `tokens:\n  - { name: gateway, token: ${BROKER}, roles: [broker], tenants: [acme] }\n`,
  );
  own = await startOwnDaemon(workplace);
});

afterAll(async () => {
  for (const client of clients) await client.close();
  await own.daemon.close();
  await workplace.remove();
});

async function order(what: string, body: object): Promise<number> {
  const response = await fetch(`${own.daemon.urls.main}/v1/${what}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${own.token('local-operator')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ ...body, actor: 'kim', reason: 'an incident' }),
  });
  expect(response.status, await response.text()).toBe(200);
  return own.daemon.host.awaiting(KEY)?.epoch ?? 0;
}

async function follow(signed: boolean): Promise<BreakerClient> {
  const url = own.daemon.urls.main;
  const verify = signed ? { verify: `${url}/v1/breakers/jwks.json` } : {};
  const client = createBreakerClient({ url, token: BROKER, tenant: 'acme', ...verify });
  clients.push(client);
  expect(await client.ready()).toBe(true);
  return client;
}

it('keeps tokens of a revoked agent dead once it is back, for all, also later', async () => {
  await order('tenants/acme/enforce', { create: true });
  const present = [await follow(false), await follow(true)];
  const revoked = await order('breakers/trip', { key: KEY, level: 4 });
  const told = () => present.every((client) => client.status().open === 1);
  await eventually(async () => told(), Boolean);
  const closed = await order('breakers/reset', { key: KEY, epoch: revoked });
  await eventually(async () => present.every((one) => one.status().open === 0), Boolean);
  const say = (client: BreakerClient, e: number) =>
    client.check({ agent: KEY.id, op: 'read', brk: { e } });
  const expectDead = (client: BreakerClient) => {
    expect(say(client, revoked - 1)).toMatchObject({ allow: false, reason: 'token_revoked' });
    expect(say(client, closed)).toMatchObject({ allow: true });
    expect(client.check({ agent: KEY.id, op: 'write' }).allow).toBe(true);
  };
  for (const client of present) expectDead(client);
  expectDead(await follow(false));
  await own.daemon.close();
  own = await startOwnDaemon(workplace);
  expectDead(await follow(true));
});
