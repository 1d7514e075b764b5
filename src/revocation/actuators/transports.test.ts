import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import type { Reach } from '../guarded-post.ts';
import type { Call } from './call.ts';
import { createSend } from './transports.ts';

const NEVER = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function send(call: Call, signal = NEVER, reach: Reach = {}) {
  const request = async () => ({ status: 207, retryAfter: null, text: '{"frozen":true}' });
  const environment = { PATH: process.env['PATH'], HOME: '/home/x', SECRET: 'hunter2' };
  return createSend({ reach, request, environment })(call, signal);
}

describe('a program', () => {
  const run = (script: string, signal?: AbortSignal, ...words: readonly string[]) =>
    send({ kind: 'exec', command: [process.execPath, '-e', script, ...words], stdin: '' }, signal);

  it('is given its words and standard input; its output and code are the answer', async () => {
    const script = `process.stdin.on('data', (text) => {
      console.log(JSON.stringify({ said: String(text), word: process.argv[1] }));
      process.exitCode = 3;
    })`;
    const command = [process.execPath, '-e', script, 'a b; rm -rf $HOME'];
    const answer = await send({ kind: 'exec', command, stdin: '{"level":5}' });
    // No shell reads the words.
    const json = { said: '{"level":5}', word: 'a b; rm -rf $HOME' };
    expect(answer).toEqual({ status: 3, text: `${JSON.stringify(json)}\n`, json });
  });

  it('sees nothing of the environment but PATH and HOME', async () => {
    const { json } = await run('console.log(JSON.stringify(Object.keys(process.env).sort()))');
    expect(json).toEqual(['HOME', 'PATH']);
  });

  it('that does not exist, is killed or says too much has not answered', async () => {
    const missing: Call = { kind: 'exec', command: ['/nowhere/at/all'], stdin: '' };
    await expect(send(missing)).rejects.toThrow('ENOENT');
    await expect(run('process.kill(process.pid, "SIGKILL")')).rejects.toThrow();
    const much = `console.log('x'.repeat(${LIMITS.actuatorAnswerBytes + 1}))`;
    await expect(run(much)).rejects.toThrow('maxBuffer');
  });

  it('is ended when its time is up', async () => {
    const over = new AbortController();
    const running = run('setInterval(() => {}, 1000)', over.signal);
    over.abort();
    await expect(running).rejects.toThrow('aborted');
  });
});

describe('a socket', () => {
  async function listen(server: Server, ...where: Parameters<Server['listen']>) {
    server.listen(...where);
    await once(server, 'listening');
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  }

  const echo = () =>
    createServer((socket) => socket.on('data', (text) => socket.end(`got ${text}`)));

  it('is asked one line at a path, and answers until it closes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tripcoil-socket-'));
    cleanups.push(() => rm(directory, { recursive: true, force: true }));
    const address = join(directory, 's');
    await listen(echo(), address as never);
    const answer = await send({ kind: 'socket', address, command: 'add map x' });
    expect(answer).toEqual({ status: 0, text: 'got add map x\n', json: null });
  });

  it('on this machine is asked only where that is allowed', async () => {
    const server = echo();
    await listen(server, 0 as never, '127.0.0.1' as never);
    const { port } = server.address() as { port: number };
    const call: Call = { kind: 'socket', address: `127.0.0.1:${port}`, command: 'x' };
    await expect(send(call)).rejects.toThrow('address_refused');
    const named: Call = { ...call, address: `localhost:${port}` };
    await expect(send(named)).rejects.toThrow();
    expect(await send(call, NEVER, { allowLoopback: true })).toMatchObject({ text: 'got x\n' });
  });

  it('that nobody listens at has not answered', async () => {
    const call: Call = { kind: 'socket', address: '/nowhere/at/all', command: 'x' };
    await expect(send(call)).rejects.toThrow('ENOENT');
  });
});

describe('a request', () => {
  it('answers with its status, text and JSON', async () => {
    const url = new URL('https://target.example/');
    const call: Call = { kind: 'http', method: 'GET', url, headers: {}, body: '' };
    expect(await send(call)).toEqual({
      ...{ status: 207, text: '{"frozen":true}', json: { frozen: true } },
    });
  });
});
