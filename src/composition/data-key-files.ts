import { join } from 'node:path';
import type { MasterKeyConfig } from '../config/ledger.ts';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { DataKeys } from '../ledger/data-keys.ts';
import { type KeyName, tenantHash } from '../ledger/key-file.ts';
import { replaceMaster } from '../ledger/master-rotation.ts';
import { NODE_LEDGER_FILES } from '../ledger/node-ledger-files.ts';
import type { Clock } from '../ports/clock.ts';
import type { DataKey, DataKeyFiles } from '../ports/data-keys.ts';

/** The keys of a ledger as orders see them. */
export function dataKeyFiles(options: {
  readonly keys: DataKeys;
  readonly dataDirectory: string;
  readonly masterKey: MasterKeyConfig;
  readonly clock: Pick<Clock, 'now'>;
}): DataKeyFiles {
  const { keys, masterKey, clock } = options;
  const directory = join(options.dataDirectory, 'keys');
  return {
    async list(tenant, tenants) {
      const names = new Map(Array.from(tenants, (each) => [tenantHash(each), each]));
      const listed = await keys.list(tenant, LIMITS.listedKeys);
      return listed.map((key) =>
        dataKeyOf(tenant ?? names.get(key.tenant) ?? null, key, key.destroyedAt),
      );
    },
    rotate: async (tenant) => dataKeyOf(tenant, await keys.rotate(tenant, clock.now())),
    replaceMaster() {
      if (masterKey.kind === 'file') return replaceMaster(NODE_LEDGER_FILES, directory, keys);
      const message =
        'the configuration says where the master key is: stop the daemon and run ' +
        '`tripcoil keys rewrap --stopped` with the old and the new configuration';
      throw new TripcoilError('bad_request', message);
    },
    onMade(listener) {
      for (const { tenant, name } of keys.made.splice(0)) listener(dataKeyOf(tenant, name));
      keys.onMade = (tenant, name) => listener(dataKeyOf(tenant, name));
    },
  };
}

function dataKeyOf(
  tenant: string | null,
  name: KeyName,
  destroyedAt: number | null = null,
): DataKey {
  const { id, period: month, generation } = name;
  return { id, tenant, month, generation, destroyedAt };
}
