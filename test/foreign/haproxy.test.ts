import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderOf } from '../../src/revocation/actuators/testing/orders.ts';
import { eventually } from '../integration/served-daemon.ts';
import { targetActuator } from './target-actuator.ts';
import { serverIsHere } from './toolchain.ts';

const AGENT = 'agent:invoice-bot';

describe.skipIf(!serverIsHere('haproxy'))('a real HAProxy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tripcoil-haproxy-'));
  const socket = join(folder, 'admin.sock');
  const front = join(folder, 'front.sock');
  const map = join(folder, 'agents.map');
  const backend = createServer((_request, response) => response.end('served'));
  let server: ChildProcess;
  const actuator = targetActuator('haproxy-map', { socket, map });

  beforeAll(async () => {
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    const { port } = backend.address() as AddressInfo;
    writeFileSync(map, '');
    const configuration = join(folder, 'haproxy.cfg');
    writeFileSync(configuration, configurationOf({ socket, front, map, port }));
    server = spawn('haproxy', ['-db', '-f', configuration], { stdio: 'ignore' });
    await eventually(
      () => actuator.observe(orderOf(), AGENT),
      (seen) => seen !== 'unknown',
    );
  });

  afterAll(() => {
    server.kill();
    backend.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const statusFor = (agent: string) => ask(front, agent);

  it('denies a frozen agent, serves others, and serves it again once restored', async () => {
    expect(await statusFor(AGENT)).toBe(200);
    expect(await actuator.freeze(orderOf(), AGENT)).toMatchObject({ status: 'done' });
    expect(await actuator.observe(orderOf(), AGENT)).toBe('frozen');
    expect(await statusFor(AGENT)).toBe(403);
    expect(await statusFor('other')).toBe(200);
    expect(await actuator.restore(orderOf({ level: 0 }), AGENT)).toMatchObject({ status: 'done' });
    expect(await actuator.observe(orderOf(), AGENT)).toBe('active');
    expect(await statusFor(AGENT)).toBe(200);
  });

  it('may freeze and restore twice', async () => {
    for (const _ of [1, 2]) {
      expect(await actuator.freeze(orderOf(), AGENT)).toMatchObject({ status: 'done' });
    }
    for (const _ of [1, 2]) {
      expect(await actuator.restore(orderOf({ level: 0 }), AGENT)).toMatchObject({
        status: 'done',
      });
    }
    expect(await statusFor(AGENT)).toBe(200);
  });

  it('is not believed where it has no such map', async () => {
    const wrong = targetActuator('haproxy-map', { socket, map: '/no/such.map' });
    expect(await wrong.freeze(orderOf(), AGENT)).toMatchObject({ status: 'retry' });
    expect(await wrong.observe(orderOf(), AGENT)).toBe('unknown');
  });
});

function configurationOf(given: {
  readonly socket: string;
  readonly front: string;
  readonly map: string;
  readonly port: number;
}): string {
  return [
    'global',
    `  stats socket ${given.socket} mode 600 level admin`,
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    '  timeout client 5s',
    '  timeout server 5s',
    'frontend agents',
    `  bind unix@${given.front}`,
    `  http-request deny if { req.hdr(x-agent),map(${given.map}) -m found }`,
    '  default_backend broker',
    'backend broker',
    `  server one 127.0.0.1:${given.port}`,
    '',
  ].join('\n');
}

async function ask(socketPath: string, agent: string): Promise<number> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/', headers: { 'x-agent': agent } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end();
  });
}
