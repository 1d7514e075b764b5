import { WALL_CLOCK } from '../src/runtime/wall-clock.ts';
import { openPipeline } from './ingest-pipeline.ts';

/** How much is sent: so many spans or so long, whichever ends first; and how often to look. */
export interface MemoryOrder {
  readonly spans: number;
  readonly seconds: number;
  readonly samples: number;
  /** Log time passes so many times as fast as time does. */
  readonly haste: number;
}

/** Megabytes after a full collection, at so many spans. The heap is that of V8 with its buffers. */
export interface MemorySample {
  readonly spans: number;
  readonly rssMb: number;
  readonly heapMb: number;
}

const MB = 1024 * 1024;

const order = JSON.parse(process.argv[2] ?? '{}') as MemoryOrder;
const startMs = Date.now();
const pipeline = await openPipeline('protobuf', {
  ...{ monotonicMs: WALL_CLOCK.monotonicMs, sleep: WALL_CLOCK.sleep },
  now: () => Math.floor(startMs + (Date.now() - startMs) * order.haste),
});
let spans = 0;
for (let sample = 0; sample < order.samples; sample += 1) {
  spans += await pipeline.sendFor(order.seconds / order.samples, order.spans / order.samples);
  pipeline.acksMs.length = 0;
  await pipeline.host.partition.idle();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const seen: MemorySample = { spans, rssMb: rss / MB, heapMb: (heapUsed + external) / MB };
  process.send?.(seen);
}
await pipeline.close();
process.disconnect();
