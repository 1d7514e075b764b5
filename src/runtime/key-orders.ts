import { SYSTEM_TENANT } from '../core/entry.ts';
import { TripcoilError } from '../core/errors.ts';
import type { DataKey, DataKeyFiles, KeyOrder, KeyOrders } from '../ports/data-keys.ts';
import type { Log } from '../ports/log.ts';
import type { Redactor } from '../ports/redactor.ts';
import type { Partition } from './partition.ts';

export interface KeyOrdersOptions {
  readonly host: { readonly partition: Partition };
  readonly dataKeys: DataKeyFiles;
  readonly redactor: Redactor;
  readonly log: Log;
}

/** Orders about the keys of the ledger. What becomes of keys stands in the log of the process. */
export function createKeyOrders({ host, dataKeys, redactor, log }: KeyOrdersOptions): KeyOrders {
  const { partition } = host;
  const { tenants } = partition.shard;
  const record = (body: { readonly [name: string]: unknown }): Promise<void> =>
    partition.append([{ kind: 'key', tenant: SYSTEM_TENANT, body }]);
  const words = ({ actor, reason }: KeyOrder) => ({
    actor: redactor.redactText(SYSTEM_TENANT, actor),
    reason: redactor.redactText(SYSTEM_TENANT, reason),
  });
  dataKeys.onMade((key) => {
    record({ type: 'data_key_made', ...told(key) }).catch(() => {
      log.warn('a key that was made is not on record', { key: key.id });
    });
  });
  return {
    list: (tenant) => dataKeys.list(tenant, tenants.keys()),
    async rotate({ tenant, ...order }) {
      if (tenant !== null && !tenants.has(tenant)) {
        throw new TripcoilError('not_found', 'nothing is known of this tenant');
      }
      const rotated: DataKey[] = [];
      for (const each of tenant === null ? [...tenants.keys()] : [tenant]) {
        rotated.push(await dataKeys.rotate(each));
      }
      await record({ type: 'data_keys_rotated', ...words(order), keys: rotated.map(told) });
      return rotated;
    },
    async replaceMaster(order) {
      await record({ type: 'master_replacement_ordered', ...words(order) });
      const keys = await dataKeys.replaceMaster();
      await record({ type: 'master_replaced', ...words(order), keys });
      return keys;
    },
  };
}

function told({ id, tenant, month, generation }: DataKey) {
  return { id, of: tenant, month, generation };
}
