import { openLedger } from '../../src/ledger/ledger.ts';
import { SILENT_LOG } from '../../src/ports/log.ts';
import { SILENT_METRICS } from '../../src/ports/metrics.ts';
import { WALL_CLOCK } from '../../src/runtime/wall-clock.ts';

/** The ids of the events in a ledger that no daemon has open. */
export async function storedEventIds(directory: string): Promise<ReadonlySet<string>> {
  const ledger = await openLedger({
    directory,
    log: SILENT_LOG,
    metrics: SILENT_METRICS,
    clock: WALL_CLOCK,
  });
  const ids = new Set<string>();
  for await (const batch of ledger.read(1)) {
    for (const { kind, body } of batch) {
      if (kind === 'input') ids.add((JSON.parse(body) as { id: string }).id);
    }
  }
  await ledger.close();
  return ids;
}
