import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServedDaemon } from '../test/integration/served-daemon.ts';
import type { CheckLoadOrder, CheckLoadReport } from './check-load-process.ts';
import { cpuSecondsOf } from './process-cpu.ts';

const CONNECTIONS = 32;
const WARM_UP_MS = 2_000;

/** Questions a second that a `serve` answers over kept-alive connections, and per CPU second. */
export async function checkHttp(
  daemon: ServedDaemon,
  token: string,
  agents: readonly string[],
  seconds: number,
): Promise<{ readonly perS: number; readonly perCpuS: number }> {
  const bodies = agents.map((agent) =>
    JSON.stringify({ agent, session: `s-${agent}`, jti: 't-1', tool: 'send_email', op: 'write' }),
  );
  const port = Number(new URL(daemon.main).port);
  const order: CheckLoadOrder = { port, token, bodies, connections: CONNECTIONS };
  const load = fork(new URL('./check-load-process.ts', import.meta.url), [JSON.stringify(order)]);
  try {
    await once(load, 'message');
    await sleep(WARM_UP_MS);
    await reportOf(load);
    const cpuBefore = (await cpuSecondsOf(daemon.process.pid ?? 0)) ?? 0;
    const startMs = performance.now();
    await sleep(seconds * 1_000);
    const { answered, failed } = await reportOf(load);
    const wallS = (performance.now() - startMs) / 1_000;
    const cpuS = ((await cpuSecondsOf(daemon.process.pid ?? 0)) ?? 0) - cpuBefore;
    if (failed > 0) throw new Error(`${failed} questions were not answered with 200`);
    return { perS: Math.round(answered / wallS), perCpuS: Math.round(answered / cpuS) };
  } finally {
    load.kill();
    await once(load, 'exit');
  }
}

async function reportOf(load: ChildProcess): Promise<CheckLoadReport> {
  const answered = once(load, 'message');
  load.send('report');
  const [report] = await answered;
  return report as CheckLoadReport;
}
