import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../test/integration/served-daemon.ts';
import { createSite, enforce, offend, startReceiver, wallMs } from './revocation-site.ts';
import { rounded } from './rounded.ts';
import { BENCH_TENANT } from './workload.ts';

/** A revocation that takes longer counts as lost, and fails the benchmark. */
const LOST_AFTER_MS = 30_000;

/**
 * Kills the daemon right after a decision, while the receiver answers 503, and starts it again:
 * the worst time until the receiver has verified what it was owed.
 */
export async function restartRedelivery(rounds: number): Promise<{
  readonly restart_redelivery_ms: number;
  readonly listening_to_redelivery_ms: number;
}> {
  const receiver = await startReceiver();
  const workplace = await createSite([], [receiver.port]);
  let worst = 0;
  let worstListening = 0;
  try {
    let daemon = await serve(workplace);
    await enforce(daemon, await daemon.token('local-operator'));
    for (let round = 0; round < rounds; round += 1) {
      const agent = `owed-${round}`;
      receiver.process.send('away');
      await receiver.times();
      await offend(daemon, agent);
      await daemon.kill();
      const startMs = wallMs();
      receiver.process.send('back');
      daemon = await serve(workplace);
      const listeningMs = wallMs();
      const key = `${BENCH_TENANT}/agent/${agent}`;
      const deadline = performance.now() + LOST_AFTER_MS;
      let told = (await receiver.times())[key]?.find((time) => time >= startMs);
      while (told === undefined) {
        if (performance.now() > deadline) throw new Error(`the revocation of ${agent} was lost`);
        await sleep(50);
        told = (await receiver.times())[key]?.find((time) => time >= startMs);
      }
      worst = Math.max(worst, told - startMs);
      worstListening = Math.max(worstListening, told - listeningMs);
    }
    await daemon.kill();
  } finally {
    await receiver.stop();
    await workplace.remove();
  }
  return {
    restart_redelivery_ms: rounded(worst),
    listening_to_redelivery_ms: rounded(worstListening),
  };
}
