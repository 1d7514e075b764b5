import { Shard } from '../../engine/shard.ts';
import { START } from '../../engine/testing/entries.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { type Committed, Partition } from '../partition.ts';
import { FakeClock } from './fake-clock.ts';
import { OBEDIENT_SHARD, RecordingLog } from './fixtures.ts';
import { MemoryLedger } from './memory-ledger.ts';

/** A partition on a ledger in memory, with what it tells its followers. */
export function startPartition(
  shard = new Shard(OBEDIENT_SHARD),
  nextTurn = () => Promise.resolve(),
) {
  const ledger = new MemoryLedger();
  const clock = new FakeClock(START);
  const log = new RecordingLog();
  const options = { shard, ledger, clock, log, metrics: SILENT_METRICS, nextTurn };
  const partition = new Partition(options);
  const committed: Committed[] = [];
  partition.onCommitted((cycle) => committed.push(cycle));
  return { shard, ledger, clock, log, partition, committed };
}

/** What is in the log, in order. */
export function kindsOf(ledger: MemoryLedger): readonly string[] {
  return ledger.entries.map(({ kind }) => kind);
}
