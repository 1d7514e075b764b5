import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  call,
  createWorkplace,
  type ServedDaemon,
  serve,
  type Workplace,
} from '../integration/served-daemon.ts';
import { freePort, installed, startGateway, tools } from './gateway.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/nginx.conf');
const here = installed('nginx', '-v');

describe.skipIf(!here)('nginx with examples/nginx.conf', () => {
  let workplace: Workplace;
  let daemon: ServedDaemon;
  let nginx: ChildProcess;
  let behind: { readonly server: Server; readonly requests: string[] };
  let gateway = '';
  let operator = '';

  beforeAll(async () => {
    workplace = await createWorkplace();
    daemon = await serve(workplace);
    operator = await daemon.token('local-operator');
    const served = await tools();
    behind = served;
    const port = await freePort();
    gateway = `http://127.0.0.1:${port}`;
    const credential = join(workplace.directory, 'credential.conf');
    const token = await daemon.token('local-broker');
    await writeFile(credential, `proxy_set_header X-Tripcoil-Authorization "Bearer ${token}";\n`);
    const conf = (await readFile(EXAMPLE, 'utf8'))
      .replace('127.0.0.1:8787', new URL(daemon.main).host)
      .replace('127.0.0.1:8080', `127.0.0.1:${port}`)
      .replace('127.0.0.1:9000', `127.0.0.1:${served.port}`)
      .replace('/etc/nginx/tripcoil-credential.conf', credential);
    const file = join(workplace.directory, 'nginx.conf');
    // Where this machine's nginx may write is no part of the example.
    const local = `daemon off; pid ${workplace.directory}/nginx.pid; error_log stderr;`;
    await writeFile(file, conf.replace('http {', 'http {\n  access_log off;'));
    nginx = await startGateway('nginx', ['-c', file, '-g', local], port);
  });

  afterAll(async () => {
    if (nginx?.exitCode === null) {
      nginx.kill('SIGTERM');
      await once(nginx, 'exit');
    }
    behind?.server.close();
    await daemon?.kill();
    await workplace?.remove();
  });

  const ask = (claims: Record<string, unknown>, method = 'GET', headers = {}) => {
    const authorization = `Bearer ${new UnsecuredJWT(claims).encode()}`;
    return fetch(`${gateway}/tools`, { method, headers: { authorization, ...headers } });
  };
  const KEY = { tenant: 'default', kind: 'agent', id: 'invoice-bot' };
  const order = async (path: string, body: object) => {
    const words = { key: KEY, reason: 'drill', ...body };
    expect((await call(daemon, operator, 'POST', path, words)).status).toBe(200);
  };
  const trip = (level: number) => order('/v1/breakers/trip', { level });
  const reset = async () => {
    const open = await call<{ readonly items: readonly { readonly epoch: number }[] }>(
      daemon,
      operator,
      'GET',
      '/v1/breakers',
    );
    await order('/v1/breakers/reset', { epoch: open.body.items[0]?.epoch });
  };

  it('stops a tripped agent, and nobody else, until it is reset', async () => {
    expect((await ask({ sub: 'invoice-bot' }, 'POST')).status).toBe(200);
    expect(behind.requests).toEqual(['POST /tools']);

    await trip(4);
    const denied = await ask({ sub: 'alice', act: { sub: 'invoice-bot' } });
    expect(denied.status).toBe(403);
    expect(denied.headers.get('x-tripcoil-level')).toBe('4');
    expect(denied.headers.get('x-tripcoil-reason')).toBe('operator');
    expect(await denied.json()).toMatchObject({ title: 'Agent stopped' });
    expect((await ask({ sub: 'other-bot' })).status).toBe(200);
    // What a client makes up neither frees nor stops anybody.
    const pretended = { 'x-tripcoil-agent': 'invoice-bot', 'x-tripcoil-authorization': 'Bearer x' };
    expect((await ask({ sub: 'other-bot' }, 'GET', pretended)).status).toBe(200);
    expect((await ask({ sub: 'invoice-bot' }, 'GET', { 'x-tripcoil-agent': 'x' })).status).toBe(
      403,
    );

    await reset();
    expect((await ask({ sub: 'invoice-bot' })).status).toBe(200);
  });

  it('lets reads alone pass at level 3', async () => {
    await trip(3);
    expect((await ask({ sub: 'invoice-bot' }, 'GET')).status).toBe(200);
    const before = behind.requests.length;
    expect((await ask({ sub: 'invoice-bot' }, 'DELETE')).status).toBe(403);
    expect(behind.requests).toHaveLength(before);
    await reset();
  });

  it('denies everything while Tripcoil is away', async () => {
    await daemon.kill();
    expect((await ask({ sub: 'other-bot' })).status).toBe(500);
  });
});
