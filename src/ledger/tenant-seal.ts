import type { Clock } from '../ports/clock.ts';
import type { TenantSeal } from '../ports/tenant-seal.ts';
import type { DataKeys } from './data-keys.ts';
import { openBlock, sealBlock } from './sealed-block.ts';

/** `key id`, `z` where it is compressed, base64. */
const LINE = /^([0-9a-f]{16})(z?) ([A-Za-z0-9+/]*={0,2})$/;

/** Seals lines under the data keys that seal the ledger. */
export function createTenantSeal(keys: DataKeys, clock: Pick<Clock, 'now'>): TenantSeal {
  return {
    async prepare(tenants) {
      const now = clock.now();
      for (const tenant of tenants) {
        if (!keys.isReady(tenant, now)) await keys.makeReady(tenant, now);
      }
    },
    seal(tenant, text, place) {
      const key = keys.ready(tenant);
      if (key === null) return null;
      const { compressed, bytes } = sealBlock(Buffer.from(text), key, contextOf(place));
      return `${key.id}${compressed ? 'z' : ''} ${bytes.toString('base64')}`;
    },
    async open(line, place) {
      const [, id, compressed, base64] = LINE.exec(line) ?? [];
      if (id === undefined || base64 === undefined) throw new Error('a line is not sealed');
      const key = await keys.byId(id);
      if (key === 'destroyed' && !(await keys.isExpired(id))) return null;
      if (typeof key === 'string') throw new Error(`the data key ${id} is ${key}`);
      const bytes = Buffer.from(base64, 'base64');
      const block = { sealed: true, compressed: compressed === 'z', bytes };
      const plain = openBlock(block, key, contextOf(place));
      if (plain === null) throw new Error('a line was sealed for another place');
      return plain.toString('utf8');
    },
  };
}

function contextOf(place: string): Buffer {
  return Buffer.from(`tripcoil line 1 ${place}`);
}
