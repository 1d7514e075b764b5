import type { TripcoilConfig } from '../config/load.ts';
import type { Clock } from '../ports/clock.ts';
import type { LedgerRetention } from '../ports/ledger-retention.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import type { Subjects } from '../ports/subjects.ts';
import type { EngineHost } from '../runtime/engine-host.ts';
import { Retention } from '../runtime/retention.ts';

/** Deletes what is older than the configuration has it, from now on. */
export function keepRetention(
  options: {
    readonly config: TripcoilConfig;
    readonly host: EngineHost;
    readonly retention: LedgerRetention;
    readonly store: Store;
    readonly subjects: Pick<Subjects, 'anyHold'>;
    readonly clock: Clock;
    readonly log: Log;
  },
  undo: AsyncDisposableStack,
): void {
  const { config, subjects } = options;
  const { general, tenants } = config.retention;
  const keeping = new Retention({
    ...options,
    policyOf: (tenant) => (Object.hasOwn(tenants, tenant) ? tenants[tenant] : undefined) ?? general,
    heldBecause: (tenant) =>
      config.redaction.legalHolds.includes(tenant)
        ? 'the configuration holds this tenant'
        : subjects.anyHold(tenant),
  });
  keeping.start();
  undo.defer(() => keeping.close());
}
