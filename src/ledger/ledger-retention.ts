import type { Clock } from '../ports/clock.ts';
import type { LedgerRetention } from '../ports/ledger-retention.ts';
import type { DataKeys } from './data-keys.ts';
import type { KeyName } from './key-file.ts';
import type { AgeingLedger } from './ledger.ts';

/** Retention over the keys and segments of one ledger. */
export function createLedgerRetention(dependencies: {
  readonly ledger: AgeingLedger;
  readonly keys: DataKeys;
  /** Makes the transparency logs durable up to the last entry. */
  readonly settle: () => Promise<void>;
  readonly clock: Pick<Clock, 'now'>;
}): LedgerRetention {
  const { ledger, keys, settle, clock } = dependencies;
  const kept = async (tenant: string): Promise<readonly KeyName[]> =>
    (await keys.list(tenant, Number.POSITIVE_INFINITY)).filter(
      ({ destroyedAt }) => destroyedAt === null,
    );
  return {
    async months(tenant, endedBy) {
      const old = (await kept(tenant)).filter(({ period }) => endOf(period) <= endedBy);
      return [...new Set(old.map(({ period }) => period))].sort();
    },
    async expire(tenant, months) {
      const wanted = new Set(months);
      const old = (await kept(tenant)).filter(({ period }) => wanted.has(period));
      const end = Math.max(0, ...months.map(endOf));
      await settle();
      await ledger.noteExpired((await ledger.seqSince(end)) - 1);
      return { months, keys: await keys.destroy(old, clock.now(), 'age') };
    },
    async deleteSegments() {
      await settle();
      const known = new Map<string, boolean>();
      return ledger.deleteOld(async (id) => {
        const destroyed = known.get(id) ?? (await keys.byId(id)) === 'destroyed';
        known.set(id, destroyed);
        return destroyed;
      });
    },
    seqSince: (time) => ledger.seqSince(time),
  };
}

/** Of the month `2026-11`, in log time. */
function endOf(period: string): number {
  const [year = 0, month = 0] = period.split('-').map(Number);
  return Date.UTC(year, month);
}
