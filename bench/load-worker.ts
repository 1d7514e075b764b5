import { parentPort, workerData } from 'node:worker_threads';
import { createRandom } from '../src/demo/random.ts';
import { BENCH_AGENTS, createZipf, nativeEvent } from './workload.ts';

/** What the worker is told: where to send, as whom, how fast. */
export interface LoadOrder {
  readonly url: string;
  readonly token: string;
  readonly eventsPerS: number;
}

/** Events acknowledged and refused so far, and the delay of the newest acknowledgements. */
export interface LoadReport {
  readonly accepted: number;
  readonly refused: number;
  readonly ackMs: readonly number[];
}

const TICK_MS = 20;
/** Requests under way at once; beyond it a tick is left out, and the reached rate says so. */
const OUTSTANDING_MAX = 32;

const { url, token, eventsPerS } = workerData as LoadOrder;
const random = createRandom(31);
const agentOf = createZipf(random, BENCH_AGENTS);
const perTick = Math.round((eventsPerS * TICK_MS) / 1_000);
let outstanding = 0;
let serial = 0;
let accepted = 0;
let refused = 0;
let ackMs: number[] = [];
const startMs = performance.now();
let ticks = 0;

parentPort?.on('message', () => {
  parentPort?.postMessage({ accepted, refused, ackMs } satisfies LoadReport);
  ackMs = [];
});
setInterval(() => {
  const due = Math.floor((performance.now() - startMs) / TICK_MS);
  for (; ticks < due; ticks += 1) if (outstanding < OUTSTANDING_MAX) void send();
}, TICK_MS);

async function send(): Promise<void> {
  outstanding += 1;
  const now = Date.now();
  const lines = Array.from({ length: perTick }, () => {
    serial += 1;
    return JSON.stringify(nativeEvent(`load-${serial}`, agentOf(), now, random));
  });
  const sentMs = performance.now();
  try {
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    await response.arrayBuffer();
    if (response.ok) {
      accepted += perTick;
      ackMs.push(performance.now() - sentMs);
    } else refused += perTick;
  } catch {
    refused += perTick;
  }
  outstanding -= 1;
}
