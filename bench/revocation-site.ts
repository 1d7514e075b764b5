import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  call,
  createWorkplace,
  type ServedDaemon,
  type Workplace,
} from '../test/integration/served-daemon.ts';
import type { AppliedTimes, SubscribersOrder } from './revocation-subscribers.ts';
import { BENCH_TENANT } from './workload.ts';

export const TOKEN = 'revocation-bench-token-0123456789';
const AUDIENCE = 'https://broker.example';
const PROCESSES = 2;

/** A process that notes when each key reached it. */
export interface Witness {
  readonly process: ChildProcess;
  /** By `kind/id`, or by key text for receivers. */
  times(): Promise<AppliedTimes>;
  stop(): Promise<void>;
}

/** The configuration of `brokers` named brokers and of receivers at these ports. */
export async function createSite(
  brokers: readonly string[],
  receiverPorts: readonly number[],
): Promise<Workplace> {
  const roles = (names: string) => `roles: [${names}], tenants: [${BENCH_TENANT}], trust: broker`;
  const tokens = brokers.map(
    (token, index) => `  - { name: broker-${index}, token: ${token}, ${roles('broker')} }\n`,
  );
  const receivers = receiverPorts.map(
    (port, index) =>
      `    - { name: receiver-${index}, url: "http://127.0.0.1:${port}/events", ` +
      `tenants: [${BENCH_TENANT}], audience: "${AUDIENCE}", allow_loopback: true }\n`,
  );
  const workplace = await createWorkplace(
    `grants_file: ./grants.yaml\ntokens:\n` +
      `  - { name: bench, token: ${TOKEN}, ${roles('ingest, broker')} }\n${tokens.join('')}` +
      (receivers.length > 0 ? `revocation:\n  receivers:\n${receivers.join('')}` : ''),
  );
  const grant = `{ tenant: ${BENCH_TENANT}, agent: "*", tenants: [${BENCH_TENANT}] }`;
  await writeFile(join(workplace.directory, 'grants.yaml'), `agents:\n  - ${grant}\n`);
  return workplace;
}

/** Subscribers by two processes. */
export async function startSubscribers(
  url: string,
  tokens: readonly string[],
): Promise<readonly Witness[]> {
  const share = Math.ceil(tokens.length / PROCESSES);
  const starting = Array.from({ length: PROCESSES }, async (_, index) => {
    const own = tokens.slice(index * share, (index + 1) * share);
    const order: SubscribersOrder = { url, tokens: own, tenant: BENCH_TENANT };
    const module = new URL('./revocation-subscribers.ts', import.meta.url);
    const child = fork(module, [JSON.stringify(order)]);
    const [said] = await once(child, 'message');
    if (said !== 'ready') throw new Error('a subscriber did not become fresh');
    return witnessOf(child);
  });
  return Promise.all(starting);
}

/** A receiver in a process of its own, and its port. */
export async function startReceiver(): Promise<Witness & { readonly port: number }> {
  const child = fork(new URL('./revocation-receiver.ts', import.meta.url), [AUDIENCE]);
  const [port] = await once(child, 'message');
  return { ...witnessOf(child), port: port as number };
}

function witnessOf(child: ChildProcess): Witness {
  return {
    process: child,
    times: async () => {
      const answered = once(child, 'message');
      child.send('report');
      const [times] = await answered;
      return times as AppliedTimes;
    },
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

export async function enforce(daemon: ServedDaemon, operator: string): Promise<void> {
  const order = { reason: 'the benchmark wants trips', actor: 'bench' };
  const path = `/v1/tenants/${BENCH_TENANT}/enforce`;
  const { status } = await call(daemon, operator, 'POST', path, order);
  if (status !== 200) throw new Error(`enforce was answered with ${status}`);
}

/** A read across tenants of an agent never seen: it trips on first evidence. */
export async function offend(daemon: ServedDaemon, agent: string): Promise<void> {
  const event = {
    id: `evt-${agent}`,
    time: Date.now(),
    agent: { id: agent },
    action: { name: 'read_account', op: 'read' },
    resource: { type: 'crm', id: 'account', tenant: 'globex' },
    outcome: { status: 'success' },
  };
  const { status } = await call(daemon, TOKEN, 'POST', '/v1/events', event);
  if (status !== 200) throw new Error(`a planted event was answered with ${status}`);
}

/** Wall milliseconds, comparable between processes of one machine. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}
