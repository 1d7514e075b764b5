import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '../ports/store.ts';
import type { FreshStore } from '../ports/store-rebuild.ts';
import { createChdbStore } from '../store/clickhouse/chdb-store.ts';
import { createMemoryStore } from '../store/memory/memory-store.ts';
import { RebuildingStore } from '../store/rebuilding-store.ts';
import type { ProcessMetrics } from '../telemetry/metrics.ts';
import type { DaemonOptions } from './surroundings.ts';

export interface OpenedStore {
  readonly store: RebuildingStore;
  readonly kind: 'chdb' | 'memory';
  /** An empty one of the same kind beside it. */
  readonly openFresh: () => Promise<FreshStore>;
}

/** Names the directory of the store in use; without it, that is `store`. */
const POINTER = 'store-directory';
const DIRECTORY = /^store(?:-(\d{1,9}))?$/;

/** Opens the store that is configured, or one in memory where chDB is not to be had. */
export async function openStore(
  options: DaemonOptions,
  metrics: ProcessMetrics,
): Promise<OpenedStore> {
  const { config, log } = options;
  if (config.store.kind !== 'memory') {
    try {
      return await openOnDisk(options, metrics);
    } catch (error) {
      if (config.store.kind === 'chdb') throw error;
      log.warn('chDB is not available: search covers what fits into memory, the ledger keeps all', {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
  const nothing = async (): Promise<void> => undefined;
  return {
    store: new RebuildingStore(createMemoryStore()),
    kind: 'memory',
    openFresh: async () => ({ store: createMemoryStore(), adopt: nothing, discard: nothing }),
  };
}

async function openOnDisk(
  { config: { dataDirectory }, clock, log }: DaemonOptions,
  metrics: ProcessMetrics,
): Promise<OpenedStore> {
  const within = (name: string): string => join(dataDirectory, name);
  const open = (name: string): Promise<Store> =>
    createChdbStore({ directory: within(name), clock, log, metrics });
  const current = await readPointer(within(POINTER));
  for (const name of await storesIn(dataDirectory)) {
    // What a rebuild left half done, or could not take away before it was over.
    if (name !== current) await rm(within(name), { recursive: true, force: true });
  }
  return {
    store: new RebuildingStore(await open(current)),
    kind: 'chdb',
    openFresh: async () => {
      const numbers = (await storesIn(dataDirectory)).map((name) => DIRECTORY.exec(name)?.[1]);
      const name = `store-${Math.max(0, ...numbers.map((number) => Number(number ?? 0))) + 1}`;
      return {
        store: await open(name),
        adopt: async () => {
          await writeFile(within(`${POINTER}.new`), name, { mode: 0o600, flush: true });
          await rename(within(`${POINTER}.new`), within(POINTER));
        },
        discard: () => rm(within(name), { recursive: true, force: true }),
      };
    },
  };
}

async function readPointer(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => 'store');
  return DIRECTORY.test(text) ? text : 'store';
}

async function storesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).filter((name) => DIRECTORY.test(name));
}
