import { join } from 'node:path';
import { assert, TripcoilError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { BegunErasure, LedgerErasure } from '../ports/ledger-erasure.ts';
import type { DataKeys } from './data-keys.ts';
import { checkedLine, readCheckedLine } from './key-file.ts';
import type { LedgerFiles } from './ledger-files.ts';
import { asStorageError, systemCode } from './storage-error.ts';

const NAME = /^([\w-]{1,64})\.json$/;

export interface TenantErasureDependencies {
  readonly files: LedgerFiles;
  /** Of the ledger; notes of what is under way lie in `erasures/` in it. */
  readonly directory: string;
  readonly keys: DataKeys;
  /** Makes the transparency logs durable up to the last entry. */
  readonly settle: () => Promise<void>;
  readonly headSeq: () => number;
  readonly clock: Pick<Clock, 'now'>;
}

/** Erasures over the files of one ledger. A note on disk tells of each until it is finished. */
export function createTenantErasure(dependencies: TenantErasureDependencies): LedgerErasure {
  const { files, keys, settle, headSeq, clock } = dependencies;
  const directory = join(dependencies.directory, 'erasures');
  const underWay = new Map<string, Promise<number>>();
  const pathOf = (id: string): string => {
    assert(NAME.test(`${id}.json`), 'the id of an erasure is a file name');
    return join(directory, `${id}.json`);
  };
  const write = (erasure: BegunErasure): Promise<void> =>
    stored(files.replace(pathOf(erasure.id), Buffer.from(checkedLine({ ...erasure }))));
  const read = async (id: string): Promise<BegunErasure> => {
    const bytes = await files.readSmall(pathOf(id));
    const erasure = bytes && readCheckedLine(bytes);
    if (erasure) return erasure as unknown as BegunErasure;
    throw new TripcoilError('ledger_corrupt', `The note of the erasure ${id} is damaged.`);
  };

  async function destroyAll(id: string): Promise<number> {
    const erasure = await read(id);
    const { tenant } = erasure;
    if (erasure.destroyed) return 0;
    await settle();
    const count = await stored(keys.destroy(keys.of(tenant), clock.now()));
    await write({ ...erasure, destroyed: true });
    keys.replaceable(tenant);
    return count;
  }

  /** Whoever waits for another key of the tenant and whoever gave the order wait for one run. */
  function destroy(id: string): Promise<number> {
    const running = underWay.get(id) ?? destroyAll(id);
    underWay.set(id, running);
    running.catch(() => underWay.delete(id));
    return running;
  }

  return {
    async begin(id, tenant) {
      await stored(files.makeDirectory(directory));
      await write({ id, tenant, afterSeq: headSeq(), destroyed: false });
    },
    retire: (id, tenant) => keys.retire(tenant, () => destroy(id)),
    destroy,
    async finish(id) {
      await stored(files.remove(pathOf(id)));
      await stored(files.syncDirectory(directory));
      underWay.delete(id);
    },
    async begun() {
      const ids = (await namesIn(files, directory)).flatMap((name) => NAME.exec(name)?.[1] ?? []);
      return Promise.all(ids.map(read));
    },
  };
}

async function namesIn(files: LedgerFiles, directory: string): Promise<readonly string[]> {
  try {
    return await files.list(directory);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw asStorageError('be read', error);
  }
}

async function stored<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw asStorageError('be written', error);
  }
}
