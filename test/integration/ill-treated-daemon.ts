import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { ExportResponse, encode, RpcStatus, TraceRequest } from '../../bench/decode-oracle.ts';
import type { AgentBody, PageBody } from '../../src/api/contract.ts';
import { type Asked, ask, sumOf } from './http.ts';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  type Workplace,
} from './served-daemon.ts';

/** A daemon that a test file treats badly, and what must hold of it all the while. */
export let daemon: ServedDaemon;

export const BROKER = 'bad-input-broker-0123456789';
export const VIEWER = 'bad-input-viewer-0123456789';
export const BOTH = 'bad-input-both-of-them-012345';
export const UNKNOWN = 'bad-input-nobody-knows-this-9';

/** In every bad record; none may be seen in what the daemon says. */
export const RAW = ['mallory@evil-canary.example', '+1 415 555 2671', 'tellurium-oscillation'];
const RSS_GROWTH_MB = 480;
export const MIB = 1024 * 1024;

export const PROTOBUF = { 'content-type': 'application/x-protobuf' };
export const JSON_TYPE = { 'content-type': 'application/json' };

let workplace: Workplace;
let startRssMb: number;

export async function openDaemon(): Promise<void> {
  workplace = await createWorkplace(`
log: { level: debug }
tokens:
  - { name: broker, token: ${BROKER}, roles: [ingest, broker], tenants: [acme], trust: broker }
  - { name: viewer, token: ${VIEWER}, roles: [viewer], tenants: [acme] }
  - { name: both, token: ${BOTH}, roles: [ingest, broker], tenants: [acme, globex], trust: broker }
`);
  daemon = await serve(workplace);
  await post('/v1/events', [eventOf('warm-up', 'warm-up')]);
  startRssMb = await memoryMb('VmRSS');
}

export async function closeDaemon(): Promise<void> {
  await daemon?.stop();
  await workplace?.remove();
}

/** The same process runs, in bounded memory, and has said nothing raw. */
export async function expectUnharmed(): Promise<void> {
  expect(daemon.process.signalCode).toBeNull();
  await post('/v1/events', [eventOf('last', 'last-agent')]);
  await landed('last-agent');
  const peakMb = await memoryMb('VmHWM');
  console.info(`resident: ${startRssMb.toFixed(0)} MB at start, ${peakMb.toFixed(0)} MB at most`);
  expect(peakMb - startRssMb).toBeLessThan(RSS_GROWTH_MB);
  const said = [...daemon.said, ...daemon.printed].join('\n');
  expect(said).toContain('request refused');
  for (const raw of [...RAW, BROKER, VIEWER, BOTH, UNKNOWN]) expect(said).not.toContain(raw);
  expect(said).not.toMatch(/internal|"level":"error"/);
}

/** Asks, then checks what holds after every kind of bad input. */
export async function send(path: string, asked: Asked, port: 'main' | 'otlp' = 'main') {
  const answer = await ask(`${daemon[port]}${path}`, { token: BROKER, ...asked });
  await expectWell();
  for (const raw of RAW) expect(answer.text).not.toContain(raw);
  return answer;
}

export async function post(path: string, body: unknown, token = BROKER) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await send(path, { body: text, headers: JSON_TYPE, token });
  return { status: answer.status, headers: answer.headers, body: JSON.parse(answer.text) };
}

export async function expectWell(): Promise<void> {
  expect(daemon.process.exitCode).toBeNull();
  expect((await ask(`${daemon.main}/readyz`)).status).toBe(200);
}

async function metrics(): Promise<string> {
  return (await ask(`${daemon.main}/metrics`)).text;
}

/** What a counter gained while something was done. */
export async function gained(
  name: string,
  labels: Readonly<Record<string, string>>,
  act: () => Promise<unknown>,
): Promise<number> {
  const before = sumOf(await metrics(), name, labels);
  await act();
  return sumOf(await metrics(), name, labels) - before;
}

async function memoryMb(name: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${daemon.process.pid}/status`, 'utf8').catch(() => '');
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1_024;
}

export async function agents(): Promise<readonly string[]> {
  const { body } = await call<PageBody<AgentBody>>(daemon, null, 'GET', '/v1/agents');
  return body.items.map(({ agent }) => agent);
}

export async function landed(...names: readonly string[]): Promise<void> {
  await eventually(agents, (found) => names.every((name) => found.includes(name)));
}

export function eventOf(id: string, agent: string, more: object = {}) {
  return {
    id,
    time: Date.now(),
    agent: { id: agent },
    action: { name: 'read_account', op: 'read', arguments: { to: RAW[0], call: RAW[1] } },
    outcome: { status: 'success' },
    ...more,
  };
}

export const traceOf = (name: string) => hash('sha256', name).slice(0, 32);

let spans = 0;
export function spanOf(traceId: string, agent: string | null, more: object = {}) {
  spans += 1;
  const nano = `${Date.now()}000000`;
  const attributes = [
    { key: 'gen_ai.operation.name', value: { stringValue: 'execute_tool' } },
    { key: 'gen_ai.tool.name', value: { stringValue: 'read_account' } },
    { key: 'note', value: { stringValue: RAW[0] } },
    ...(agent === null ? [] : [{ key: 'gen_ai.agent.id', value: { stringValue: agent } }]),
  ];
  const spanId = spans.toString(16).padStart(16, '0');
  const name = 'execute_tool read_account';
  return {
    traceId,
    spanId,
    name,
    startTimeUnixNano: nano,
    endTimeUnixNano: nano,
    attributes,
    ...more,
  };
}

export const tracesOf = (list: readonly unknown[]) => ({
  resourceSpans: [{ scopeSpans: [{ spans: list }] }],
});

export function protobufTraces(list: readonly ReturnType<typeof spanOf>[]): Uint8Array {
  const binary = list.map((span) => ({
    ...span,
    traceId: Buffer.from(span.traceId, 'hex'),
    spanId: Buffer.from(span.spanId, 'hex'),
  }));
  return encode(TraceRequest, tracesOf(binary));
}

export const statusOf = (bytes: Buffer) => RpcStatus.toObject(RpcStatus.decode(bytes));
export const partialOf = (bytes: Buffer) =>
  ExportResponse.toObject(ExportResponse.decode(bytes), { longs: Number });
