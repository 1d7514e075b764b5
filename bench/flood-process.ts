import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { spanBodies } from './span-bodies.ts';
import { SPANS_PER_BODY } from './workload.ts';

/** What the process is told: where to send, as whom; then how fast, again and again. */
export interface FloodOrder {
  readonly url: string;
  readonly token: string;
  readonly tenant: string;
}

/** Spans a second wanted; 'closed' sends as fast as it is acknowledged, 0 sends nothing. */
export type FloodPace = number | 'closed';

/** Spans sent, taken and refused since the last order, and requests not answered yet. */
export interface FloodReport {
  readonly outstanding: number;
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
}

const BODIES = 200;
const TICK_MS = 10;
/** A sender that waits for its answers; enough of them to keep the daemon busy. */
const CLOSED_SENDERS = 16;
/** Requests of the open flood under way at once: more than any daemon should hold. */
const OPEN_REQUESTS = 256;

const { url, token, tenant } = JSON.parse(process.argv[2] ?? '{}') as FloodOrder;
const bodies = spanBodies(BODIES, 'protobuf', { tenant });
const agent = new Agent({ keepAlive: true, maxSockets: OPEN_REQUESTS });
let count = { sent: 0, accepted: 0, refused: 0 };
let serial = 0;
let outstanding = 0;
let pace: FloodPace = 0;

process.on('message', (wanted: FloodPace) => {
  process.send?.({ ...count, outstanding } satisfies FloodReport);
  count = { sent: 0, accepted: 0, refused: 0 };
  pace = wanted;
});
process.send?.('ready');
for (let each = 0; each < CLOSED_SENDERS; each += 1) void sendClosed();
void sendOpen();

async function sendClosed(): Promise<never> {
  for (;;) {
    if (pace === 'closed') await send();
    else await sleep(TICK_MS);
  }
}

async function sendOpen(): Promise<never> {
  let lastMs = performance.now();
  let due = 0;
  for (;;) {
    await sleep(TICK_MS);
    const nowMs = performance.now();
    due += typeof pace === 'number' ? ((nowMs - lastMs) / 1_000) * pace : -due;
    lastMs = nowMs;
    for (; due >= SPANS_PER_BODY; due -= SPANS_PER_BODY) {
      if (outstanding < OPEN_REQUESTS) void send();
    }
  }
}

function send(): Promise<void> {
  const body = bodies[serial % BODIES];
  body?.freshen(Math.floor(serial / BODIES) + 1, Date.now());
  serial += 1;
  outstanding += 1;
  count.sent += SPANS_PER_BODY;
  // A copy: the next round freshens the body while this one may still be on its way.
  const bytes = Buffer.from(body?.bytes ?? []);
  return new Promise((resolve) => {
    const settle = (accepted: boolean): void => {
      outstanding -= 1;
      count[accepted ? 'accepted' : 'refused'] += SPANS_PER_BODY;
      resolve();
    };
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-protobuf',
      'content-length': bytes.length,
    };
    const sending = request(`${url}/v1/traces`, { agent, method: 'POST', headers }, (response) => {
      response.resume().once('close', () => settle(response.statusCode === 200));
    });
    sending.once('error', () => settle(false)).end(bytes);
  });
}
