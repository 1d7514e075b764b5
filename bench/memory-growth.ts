import { fork } from 'node:child_process';
import { once } from 'node:events';
import { linearRegression } from 'simple-statistics';
import type { MemoryOrder, MemorySample } from './memory-process.ts';
import { rounded } from './rounded.ts';

/**
 * Resident memory by spans taken in, in a process of its own, after a full collection each time.
 * The slope is that of the second half: the first one fills what is bounded. Log time is hurried,
 * so that what is kept for a time (ids for up to 20 minutes, links for up to two hours) is let go.
 * `TRIPCOIL_BENCH_SPANS` asks for so many spans, however long they take.
 */
export async function memoryGrowthBench({ quick }: { quick: boolean }): Promise<{
  figures: Record<string, number>;
  notes: string[];
}> {
  const wanted = process.env['TRIPCOIL_BENCH_SPANS'];
  const order: MemoryOrder =
    wanted === undefined
      ? {
          spans: Number.MAX_SAFE_INTEGER,
          seconds: quick ? 12 : 90,
          samples: 24,
          haste: quick ? 200 : 40,
        }
      : { spans: Number(wanted), seconds: Number.MAX_SAFE_INTEGER, samples: 100, haste: 10 };
  const child = fork(new URL('./memory-process.ts', import.meta.url), [JSON.stringify(order)], {
    execArgv: ['--expose-gc'],
  });
  const samples: MemorySample[] = [];
  child.on('message', (sample) => samples.push(sample as MemorySample));
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the process that was measured ended with ${code}`);
  const spans = samples.at(-1)?.spans ?? 0;
  const later = samples.filter((sample) => sample.spans >= spans / 2);
  const slope = (of: (sample: MemorySample) => number): number =>
    rounded(linearRegression(later.map((sample) => [sample.spans / 1e6, of(sample)])).m);
  return {
    figures: {
      rss_growth_mb_per_million: slope(({ rssMb }) => rssMb),
      heap_growth_mb_per_million: slope(({ heapMb }) => heapMb),
      rss_mb: rounded(samples.at(-1)?.rssMb ?? 0),
      heap_mb: rounded(samples.at(-1)?.heapMb ?? 0),
      memory_spans: spans,
    },
    notes: [
      `log time passes ${order.haste} times as fast as time, so that windows fill and empty`,
      `least squares over the second half of ${spans} spans, ${later.length} samples after a ` +
        'full collection each; a short run still fills what is bounded, so ask for millions ' +
        'with TRIPCOIL_BENCH_SPANS',
    ],
  };
}
