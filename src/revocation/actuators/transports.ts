import { execFile } from 'node:child_process';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { LIMITS } from '../../core/limits.ts';
import { guardedLookup, mayReach, type Post, type Reach } from '../guarded-post.ts';
import type { Call } from './call.ts';
import type { Answer } from './expression.ts';
import { askRedis } from './redis.ts';

/** Makes one call. Rejects when no answer came; the signal ends it. */
export type Send = (call: Call, signal: AbortSignal) => Promise<Answer>;

export interface TransportOptions {
  readonly reach: Reach;
  /** Requests over HTTP; it guards them by the same reach. */
  readonly request: Post;
  /** The environment of programs that are run. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** All four ways of reaching a target, behind one function. */
export function createSend({ reach, request, environment }: TransportOptions): Send {
  return async (call, signal) => {
    switch (call.kind) {
      case 'http': {
        const { method, url, headers, body } = call;
        const answerBytes = LIMITS.actuatorAnswerBytes;
        const { status, text } = await request({ method, url, headers, body, signal, answerBytes });
        return { status, text, json: jsonOf(text) };
      }
      case 'socket': {
        const socket = await connect(call.address, false, reach, signal);
        const text = await askSocket(socket, call.command);
        return { status: 0, text, json: null };
      }
      case 'redis': {
        const socket = await connect(call.address, call.tls, reach, signal);
        const json = await askRedis(socket, call);
        return { status: 0, text: typeof json === 'string' ? json : '', json };
      }
      case 'exec':
        return runProgram(call.command, call.stdin, environment, signal);
    }
  };
}

/** Opens a connection to `/path` of a unix socket or to `host:port`. The signal destroys it. */
function connect(
  address: string,
  tls: boolean,
  reach: Reach,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = openSocket(address, tls, reach);
    const stop = () => socket.destroy(new Error('aborted'));
    signal.addEventListener('abort', stop, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', stop));
    socket.once('error', reject);
    socket.once(tls ? 'secureConnect' : 'connect', () => resolve(socket));
  });
}

function openSocket(address: string, tls: boolean, reach: Reach): Socket {
  if (address.startsWith('/')) return netConnect({ path: address });
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(colon + 1));
  // A literal address is not looked up, so that it is judged here.
  if (isIP(host) !== 0 && !mayReach(host, reach)) throw new Error('address_refused');
  const options = { host, port, lookup: guardedLookup(reach) };
  return tls
    ? tlsConnect({ ...options, servername: isIP(host) === 0 ? host : '' })
    : netConnect(options);
}

async function askSocket(socket: Socket, command: string): Promise<string> {
  socket.end(`${command}\n`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > LIMITS.actuatorAnswerBytes) throw new Error('answer_too_long');
  }
  return Buffer.concat(chunks).toString('utf8');
}

function runProgram(
  [program = '', ...words]: readonly string[],
  stdin: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const maxBuffer = LIMITS.actuatorAnswerBytes;
    const env = { PATH: environment['PATH'], HOME: environment['HOME'] };
    const child = execFile(program, words, { signal, maxBuffer, env }, (error, stdout) => {
      // A code is an answer; anything else (not found, killed, too long) is none.
      if (error && typeof error.code !== 'number') return reject(error);
      resolve({ status: Number(error?.code ?? 0), text: stdout, json: jsonOf(stdout) });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
