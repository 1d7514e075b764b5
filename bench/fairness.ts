import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantileSorted } from 'simple-statistics';
import { createWorkplace, type ServedDaemon, serve } from '../test/integration/served-daemon.ts';
import type { FloodOrder, FloodPace, FloodReport } from './flood-process.ts';
import { rounded } from './rounded.ts';
import { type SpanBody, spanBodies } from './span-bodies.ts';

const FLOODING = { tenant: 'acme', token: 'fairness-bench-flooding-0123456789' };
const STEADY = { tenant: 'globex', token: 'fairness-bench-steady-0123456789' };
/** One request of ten spans each 25 ms: 400 spans a second, far below half of the capacity. */
const STEADY_EVERY_MS = 25;
const STEADY_SPANS = 10;
const STEADY_BODIES = 100;
const FLOOD_BY_SHARE = 10;
const TENANTS = 2;
const SETTLE_MS = 500;
const DRAIN_POLL_MS = 50;
/** Below every other process, so that sending the flood takes no CPU from who is flooded. */
const FLOOD_NICE = 15;

/**
 * What one tenant waits for its acknowledgements, alone and while another one sends ten times its
 * share: half of what `serve`, asked by HTTP as both are, takes in when it is saturated.
 */
export async function fairnessBench({ quick }: { quick: boolean }): Promise<{
  figures: Record<string, number>;
  notes: string[];
}> {
  const [rounds, phaseMs] = quick ? [2, 4_000] : [4, 10_000];
  const tokens = [FLOODING, STEADY].map(
    ({ tenant, token }) =>
      `  - { name: ${tenant}, token: ${token}, roles: [ingest], tenants: [${tenant}], ` +
      'trust: broker }',
  );
  const workplace = await createWorkplace(`tokens:\n${tokens.join('\n')}\n`);
  const daemon = await serve(workplace);
  const flood = await startFlood(daemon);
  const steady = new SteadySender(daemon.main);
  try {
    await order(flood, 'closed');
    await sleep(phaseMs);
    const { accepted } = await order(flood, 0);
    await drained(flood);
    const capacity = (accepted / phaseMs) * 1_000;
    await steady.during(SETTLE_MS);
    const pace = (capacity / TENANTS) * FLOOD_BY_SHARE;
    const waits = await alternate({ flood, steady, pace, rounds, phaseMs });
    return {
      figures: {
        ...figuresOf(waits),
        fairness_steady_refused: steady.refused,
        fairness_capacity_spans_per_s: Math.round(capacity),
      },
      notes: [
        `one tenant sends ${STEADY_SPANS} spans each ${STEADY_EVERY_MS} ms, alone and while ` +
          `another wants ${FLOOD_BY_SHARE} times half of the capacity just measured, ` +
          `${rounds} rounds of ${phaseMs / 1_000} s each in turn`,
        'through one serve in its own process, OTLP protobuf over HTTP, acknowledged after ' +
          `fsync; the flooding process shares the machine at nice ${FLOOD_NICE}`,
      ],
    };
  } finally {
    steady.close();
    flood.kill();
    await daemon.stop();
    await workplace.remove();
  }
}

/** Milliseconds that the steady tenant waited, and what became of the flood. */
interface Waits {
  readonly alone: readonly number[];
  readonly flooded: readonly number[];
  readonly floodedS: number;
  readonly sent: number;
  readonly accepted: number;
}

async function alternate(plan: {
  readonly flood: ChildProcess;
  readonly steady: SteadySender;
  readonly pace: number;
  readonly rounds: number;
  readonly phaseMs: number;
}): Promise<Waits> {
  const { flood, steady, pace, rounds, phaseMs } = plan;
  const alone: number[] = [];
  const flooded: number[] = [];
  let [sent, accepted] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    alone.push(...(await steady.during(phaseMs)));
    await order(flood, pace);
    await sleep(SETTLE_MS);
    flooded.push(...(await steady.during(phaseMs)));
    const report = await order(flood, 0);
    sent += report.sent;
    accepted += report.accepted;
    await drained(flood);
    await sleep(SETTLE_MS);
  }
  const floodedS = (rounds * (phaseMs + SETTLE_MS)) / 1_000;
  return { alone, flooded, floodedS, sent, accepted };
}

function figuresOf({ alone, flooded, floodedS, sent, accepted }: Waits): Record<string, number> {
  const quiet = alone.toSorted((left, right) => left - right);
  const loud = flooded.toSorted((left, right) => left - right);
  const [quietP99, loudP99] = [quantileSorted(quiet, 0.99), quantileSorted(loud, 0.99)];
  return {
    fairness_p99_ratio: rounded(loudP99 / quietP99),
    fairness_alone_ack_ms_p50: rounded(quantileSorted(quiet, 0.5)),
    fairness_alone_ack_ms_p99: rounded(quietP99),
    fairness_flooded_ack_ms_p50: rounded(quantileSorted(loud, 0.5)),
    fairness_flooded_ack_ms_p99: rounded(loudP99),
    fairness_flood_spans_per_s: Math.round(sent / floodedS),
    fairness_flood_accepted_spans_per_s: Math.round(accepted / floodedS),
  };
}

async function startFlood({ main }: ServedDaemon): Promise<ChildProcess> {
  const given: FloodOrder = { url: main, ...FLOODING };
  const child = fork(new URL('./flood-process.ts', import.meta.url), [JSON.stringify(given)]);
  await once(child, 'message');
  setPriority(child.pid ?? 0, FLOOD_NICE);
  return child;
}

async function order(flood: ChildProcess, pace: FloodPace): Promise<FloodReport> {
  const answered = once(flood, 'message');
  flood.send(pace);
  const [report] = await answered;
  return report as FloodReport;
}

/** What was sent before the flood stopped would make the quiet value a loud one. */
async function drained(flood: ChildProcess): Promise<void> {
  while ((await order(flood, 0)).outstanding > 0) await sleep(DRAIN_POLL_MS);
}

/** Sends at a fixed pace, whatever the answers do, and notes how long each took. */
class SteadySender {
  refused = 0;
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #bodies: readonly SpanBody[];
  #serial = 0;

  constructor(url: string) {
    this.#url = url;
    const { tenant } = STEADY;
    this.#bodies = spanBodies(STEADY_BODIES, 'protobuf', { tenant, spansPerBody: STEADY_SPANS });
  }

  async during(ms: number): Promise<readonly number[]> {
    const startMs = performance.now();
    const waits: Promise<number>[] = [];
    for (let each = 0; each * STEADY_EVERY_MS < ms; each += 1) {
      await sleep(Math.max(0, startMs + each * STEADY_EVERY_MS - performance.now()));
      waits.push(this.#send());
    }
    return Promise.all(waits);
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(): Promise<number> {
    const body = this.#bodies[this.#serial % STEADY_BODIES];
    body?.freshen(Math.floor(this.#serial / STEADY_BODIES) + 1, Date.now());
    this.#serial += 1;
    const bytes = Buffer.from(body?.bytes ?? []);
    const headers = {
      authorization: `Bearer ${STEADY.token}`,
      'content-type': 'application/x-protobuf',
      'content-length': bytes.length,
    };
    const options = { agent: this.#agent, method: 'POST', headers };
    const sentMs = performance.now();
    return new Promise((resolve, reject) => {
      request(`${this.#url}/v1/traces`, options, (response) => {
        if (response.statusCode !== 200) this.refused += 1;
        response.resume().once('end', () => resolve(performance.now() - sentMs));
      })
        .once('error', reject)
        .end(bytes);
    });
  }
}
