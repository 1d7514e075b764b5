import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { createChdbStore } from '../clickhouse/chdb-store.ts';
import { systemClock } from './system-clock.ts';

// A process that opens the store, tells the id of the engine's process, and waits to be killed.
const [directory = ''] = process.argv.slice(2);
const store = await createChdbStore({
  directory,
  clock: systemClock,
  log: SILENT_LOG,
  metrics: SILENT_METRICS,
});
process.send?.(store.processId());
