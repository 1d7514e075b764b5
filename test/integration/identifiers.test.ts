import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBreakerClient } from '../../client/src/index.ts';
import type { AgentBody, OrderBody, PageBody } from '../../src/api/contract.ts';
import { BREAKER_CLAIM } from '../../src/core/revocation.ts';
import { ask } from './http.ts';
import {
  receiverConfig,
  type SecurityEventReceiver,
  startSecurityEventReceiver,
} from './security-event-receiver.ts';
import { call, eventually } from './served-daemon.ts';
import { crossing, Site } from './site.ts';
import { storedEntries } from './stored-event-ids.ts';

const BROKER = 'identifiers-broker-token-0123456789';
const AGENT = 'billing.alice@example.com';
const TOKEN = /^\[email:[^:]+:[\w-]{22}\]$/;
const KEY = { tenant: 'acme', kind: 'agent', id: AGENT };

interface Claims {
  readonly sub_id: { readonly sub?: string };
  readonly [BREAKER_CLAIM]: {
    readonly id: string;
    readonly epoch: number;
    readonly unresolvable?: boolean;
  };
}

interface Snapshot {
  readonly breakers: readonly { readonly key: { readonly id: string }; unresolvable?: boolean }[];
}

let site: Site;
let receiver: SecurityEventReceiver;
let client: ReturnType<typeof createBreakerClient>;
const trips: string[] = [];

beforeAll(async () => {
  receiver = await startSecurityEventReceiver();
  site = await Site.open(`log: { level: debug }
breakers: { single_operator: true }
tokens:
  - { name: broker, token: ${BROKER}, roles: [ingest, broker], tenants: [acme], trust: broker }
${receiverConfig(receiver.url)}`);
  client = connect();
  expect(await client.ready()).toBe(true);
});

afterAll(async () => {
  await client?.close();
  await site?.close();
  receiver?.close();
});

function connect() {
  return createBreakerClient({
    url: site.daemon.main,
    token: BROKER,
    onTrip: ({ key }) => void trips.push(key.id),
  });
}

async function restart(): Promise<void> {
  await client.close();
  await site.daemon.kill();
  await site.start();
  client = connect();
  expect(await client.ready()).toBe(true);
}

const claims = (): readonly Claims[] => receiver.tokens.map((token) => decodeJwt<Claims>(token));

/** The last security event that was taken, once there is one of this epoch or a later one. */
async function told(epoch: number): Promise<Claims | undefined> {
  const all = await eventually(
    async () => claims(),
    (taken) => taken.some((one) => one[BREAKER_CLAIM].epoch >= epoch),
  );
  return all.findLast((one) => one[BREAKER_CLAIM].epoch >= epoch);
}

async function snapshot(token: string): Promise<Snapshot> {
  return (await call<Snapshot>(site.daemon, token, 'GET', '/v1/breakers/snapshot?tenant=acme'))
    .body;
}

const checked = async (agent: string) =>
  (await call<object>(site.daemon, BROKER, 'POST', '/v1/check', { agent, op: 'write' })).body;

const operator = () => site.daemon.token('local-operator');

async function tokenOfAgent(): Promise<string> {
  const path = '/v1/agents?tenant=acme';
  const list = await call<PageBody<AgentBody>>(site.daemon, await operator(), 'GET', path);
  return list.body.items[0]?.agent ?? '';
}

/** Where the address stands in the files of the daemon and in what it said. */
async function places(): Promise<readonly string[]> {
  const files = await readdir(site.data, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const file of files.filter((one) => one.isFile())) {
    const path = join(file.parentPath, file.name);
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (bytes.includes(AGENT)) found.push(path);
  }
  const stored = await storedEntries(join(site.data, 'ledger'));
  if (stored.some(({ body }) => body.includes(AGENT))) found.push('ledger');
  if (site.daemon.said.join('\n').includes(AGENT)) found.push('log');
  const { text } = await ask(`${site.daemon.main}/metrics`, { token: await operator() });
  return text.includes(AGENT) ? [...found, 'metrics'] : found;
}

/** The client compares ids letter by letter, as brokers do. */
const isBlocked = (agent: string) => !client.check({ agent, op: 'write' }).allow;

describe('an agent named by a mail address', () => {
  it('is revoked by its own id and recorded by none', async () => {
    const grants = { agents: [{ tenant: 'acme', agent: AGENT, tenants: ['acme'] }] };
    const granted = await call(site.daemon, await operator(), 'PUT', '/v1/grants', grants);
    expect(granted.status).toBe(200);
    await site.order('/v1/tenants/acme/enforce', {});
    await site.send([crossing('x-1', AGENT)], '/v1/events', BROKER);
    await eventually(
      async () => isBlocked(AGENT),
      (blocked) => blocked,
    );
    expect(client.check({ agent: AGENT }).key).toEqual(KEY);
    expect(isBlocked('billing.bob@example.com')).toBe(false);
    expect(trips).toContain(AGENT);
    const claim = await told(1);
    expect(claim?.sub_id.sub).toBe(AGENT);
    expect(claim?.[BREAKER_CLAIM]).toMatchObject({ id: AGENT });
    expect(claim?.[BREAKER_CLAIM]).not.toHaveProperty('unresolvable');
    expect(await checked(AGENT)).toMatchObject({ allow: false, key: KEY });
    expect(await places()).toEqual([]);
  });

  it('is a pseudonym to whoever is no broker, and found by its own id', async () => {
    const token = await tokenOfAgent();
    expect(token).toMatch(TOKEN);
    const path = `/v1/agents/acme/${encodeURIComponent(AGENT)}`;
    const single = await call<AgentBody>(site.daemon, await operator(), 'GET', path);
    expect(single.body.agent).toBe(token);
    const own = await snapshot(await operator());
    expect(own.breakers.map(({ key }) => key.id)).toEqual([token]);
    const brokers = await snapshot(BROKER);
    expect(brokers.breakers.map(({ key }) => key.id)).toEqual([AGENT]);
    const asked = { agent: token, tenant: 'acme' };
    const answer = await call<object>(site.daemon, await operator(), 'POST', '/v1/check', asked);
    expect(answer.body).toMatchObject({ allow: false, key: { id: token } });
  });

  it('stays revoked by its own id when the daemon is killed and comes back', async () => {
    await restart();
    expect(isBlocked(AGENT)).toBe(true);
    expect((await snapshot(BROKER)).breakers.map(({ key }) => key.id)).toEqual([AGENT]);
    expect(await places()).toEqual([]);
  });

  it('is reset and tripped by its own id', async () => {
    const { breaker } = await site.order<OrderBody>('/v1/breakers/trip', { key: KEY, level: 5 });
    expect(breaker?.key.id).toMatch(TOKEN);
    await site.order('/v1/breakers/reset', { key: KEY, epoch: breaker?.epoch });
    // It comes back by steps, reads first.
    await eventually(
      async () => client.check({ agent: AGENT, op: 'read' }).allow,
      (allowed) => allowed,
    );
  });

  it('is erased with a revocation on its way: then brokers get the token', async () => {
    receiver.setAvailable(false);
    const { breaker } = await site.order<OrderBody>('/v1/breakers/trip', { key: KEY, level: 5 });
    await eventually(
      async () => isBlocked(AGENT),
      (blocked) => blocked,
    );
    const token = await tokenOfAgent();
    const erased = await site.order<{ values: number }>('/v1/tenants/acme/erase', {
      subject: [AGENT.toUpperCase()],
    });
    expect(erased.values).toBe(1);
    await eventually(
      async () => client.check({ agent: token }).key?.id ?? null,
      (id) => id === token,
    );
    expect(trips.at(-1)).toBe(token);
    receiver.setAvailable(true);
    const claim = await told(breaker?.epoch ?? 0);
    expect(claim?.sub_id.sub).toBe(token);
    expect(claim?.[BREAKER_CLAIM]).toMatchObject({ id: token, unresolvable: true });
    expect(JSON.stringify(await snapshot(BROKER))).not.toContain(AGENT);
    expect((await snapshot(BROKER)).breakers).toMatchObject([
      { key: { id: token }, unresolvable: true },
    ]);
    expect(await checked(AGENT)).toMatchObject({ allow: false, key: { id: token } });
    await restart();
    expect((await snapshot(BROKER)).breakers).toMatchObject([{ unresolvable: true }]);
    expect(await checked(AGENT)).toMatchObject({ allow: false, key: { id: token } });
    expect(await places()).toEqual([]);
  });
});
