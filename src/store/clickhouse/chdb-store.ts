import type { Store } from '../../ports/store.ts';
import { ChdbExecutor, type ChdbOptions } from './chdb-executor.ts';
import { createSqlStore } from './sql-store.ts';

/** The store in the embedded engine, which runs in a process of its own. */
export interface ChdbStore extends Store {
  /** Of the engine's process; null while it is being restarted. */
  processId(): number | null;
  /** Resolves when a lost process runs again; the projection goes on from `projectedSeq()`. */
  recovered(): Promise<void>;
}

/**
 * Opens or creates the embedded store in `directory`.
 * @throws TripcoilError `storage_unavailable` where chDB is not installed, does not support the
 * platform, or cannot open the directory: take the memory store instead, and say so loudly.
 */
export async function createChdbStore(options: ChdbOptions): Promise<ChdbStore> {
  const executor = await ChdbExecutor.open(options);
  try {
    const store = await createSqlStore(executor);
    return {
      ...store,
      processId: () => executor.processId,
      recovered: () => executor.recovered(),
    };
  } catch (error) {
    await executor.close();
    throw error;
  }
}
