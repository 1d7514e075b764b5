import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { eventually } from '../integration/served-daemon.ts';

/** Whether a program of the system is here; says loudly when it is not. */
export function installed(command: string, word: string): boolean {
  try {
    execFileSync(command, [word], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn(`!! SKIPPED: no ${command} here, so it is not tested as an enforcement point`);
    return false;
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What stands behind the gateway, and counts what came through. */
export async function tools(): Promise<{
  readonly server: Server;
  readonly port: number;
  readonly requests: string[];
}> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.end('done');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, requests };
}

/** Starts a program in the foreground and waits until it listens. */
export async function startGateway(
  command: string,
  words: readonly string[],
  port: number,
): Promise<ChildProcess> {
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await eventually(
    async () => {
      if (child.exitCode !== null) throw new Error(`${command} ended: ${said}`);
      return listens(port);
    },
    (isListening) => isListening,
  );
  return child;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
