import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from './http.ts';
import {
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  tripcoil,
  type Workplace,
} from './served-daemon.ts';

const BROKER = 'erasure-broker-token-0123456789';
const SECOND = 'erasure-second-person-0123456789';
const MAIL = 'alice@example.com';
const CARD = '4111 1111 1111 1111';

let workplace: Workplace;
let daemon: ServedDaemon;
let operator: string;

beforeAll(async () => {
  workplace = await createWorkplace(`tokens:
  - { name: broker, token: ${BROKER}, roles: [ingest], tenants: [acme], trust: broker }
  - { name: second, token: ${SECOND}, roles: [operator], tenants: ['*'] }
redaction: { modes: { card: vault, email: vault } }
tenants: { held: { legal_hold: true } }`);
  daemon = await serve(workplace);
  operator = await daemon.token('local-operator');
});

afterAll(async () => {
  await daemon?.stop();
  await workplace?.remove();
});

async function order(path: string, body: object, token = operator) {
  const headers = { 'content-type': 'application/json' };
  const text = JSON.stringify(body);
  const answer = await ask(`${daemon.main}${path}`, { method: 'POST', token, headers, body: text });
  return { status: answer.status, body: JSON.parse(answer.text) };
}

async function send(id: string, sub: string): Promise<void> {
  const event = {
    ...{ id, time: Date.now(), agent: { id: 'bot' }, session: { id: 's-1' }, principal: { sub } },
    action: { name: 'pay', op: 'write', arguments: { card: CARD, to: sub } },
  };
  expect((await order('/v1/events', event, BROKER)).body).toMatchObject({ accepted: 1 });
}

type Steps = readonly { event_id: string; principal: string }[];

async function steps(): Promise<Steps> {
  const answer = await ask(`${daemon.main}/v1/chains/s-1`, { token: operator });
  return answer.status === 200 ? JSON.parse(answer.text).steps : [];
}

/** The store follows the log; what was sent last stands there once everything before it does. */
const stepsUntil = (id: string) =>
  eventually(steps, (found) => found.some(({ event_id }) => event_id === id));

const REASON = { reason: 'asked for by letter' };

describe('a person', () => {
  let token = '';

  it('is revealed to the one who asked after another approved, once', async () => {
    await send('evt-1', MAIL);
    await send('evt-2', 'carol@example.com');
    token =
      (await stepsUntil('evt-2')).find(({ event_id }) => event_id === 'evt-1')?.principal ?? '';
    expect(token).toMatch(/^\[email:/);
    const asked = await order('/v1/tenants/acme/reveals', { token, ...REASON });
    expect(asked).toMatchObject({ status: 200, body: { status: 'requested' } });
    const at = `/v1/reveals/${asked.body.id}`;
    expect((await order(`${at}/read`, {})).status).toBe(403);
    expect((await order(`${at}/approve`, {})).status).toBe(403);
    expect((await order(`${at}/approve`, {}, SECOND)).status).toBe(200);
    expect((await order(`${at}/read`, {}, SECOND)).status).toBe(403);
    expect(await order(`${at}/read`, {})).toEqual({ status: 200, body: { value: MAIL } });
    expect((await order(`${at}/read`, {})).status).toBe(404);
  });

  it('is not erased under legal hold, of the person, the tenant or the configuration', async () => {
    const erase = { subject: [MAIL], ...REASON };
    for (const subject of [[MAIL], []]) {
      expect((await order('/v1/tenants/acme/legal-hold', { subject, ...REASON })).status).toBe(200);
      expect(await order('/v1/tenants/acme/erase', erase)).toMatchObject({
        status: 409,
        body: { message: expect.stringContaining('legal hold') },
      });
      const release = { subject, ...REASON };
      expect((await order('/v1/tenants/acme/legal-hold/release', release)).status).toBe(200);
    }
    expect((await order('/v1/tenants/held/erase', erase)).status).toBe(409);
  });

  it('is erased: keys, sealed values and rows, and only theirs', async () => {
    const dry = await order('/v1/tenants/acme/erase', {
      ...{ subject: ['Alice@EXAMPLE.com'], dry_run: true },
      ...REASON,
    });
    expect(dry.body).toMatchObject({ dry_run: true, keys: 1, values: 2, events: 1 });
    expect(await steps()).toHaveLength(2);
    const startedAt = performance.now();
    const erased = await order('/v1/tenants/acme/erase', { subject: [MAIL], ...REASON });
    console.info(`erased in ${Math.round(performance.now() - startedAt)} ms`);
    expect(erased.body).toEqual({ ...dry.body, dry_run: false });
    expect((await steps()).map(({ event_id }) => event_id)).toEqual(['evt-2']);
    const asked = await order('/v1/tenants/acme/reveals', { token, ...REASON });
    expect(asked.status).toBe(404);
  });

  it('stays erased when the store is built again, and the ledger verifies', async () => {
    await send('evt-3', MAIL);
    expect(await daemon.stop()).toBe(0);
    await rm(join(workplace.directory, 'data', 'store'), { recursive: true, force: true });
    const verified = await tripcoil('verify', join(workplace.directory, 'data'));
    expect(verified.code).toBe(0);
    daemon = await serve(workplace);
    const again = await stepsUntil('evt-3');
    expect(again.map(({ event_id }) => event_id)).toEqual(['evt-2', 'evt-3']);
  });
});
