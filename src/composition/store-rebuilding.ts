import type { Ledger } from '../ports/ledger.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Redactor } from '../ports/redactor.ts';
import type { StoreRebuild } from '../ports/store-rebuild.ts';
import type { EngineHost } from '../runtime/engine-host.ts';
import { StoreRebuilder } from '../runtime/store-rebuild.ts';
import type { OpenedStore } from './store-opening.ts';
import type { DaemonOptions } from './surroundings.ts';

export interface StoreRebuilding
  extends Pick<OpenedStore, 'store' | 'openFresh'>,
    Pick<DaemonOptions, 'clock' | 'log'> {
  readonly ledger: Ledger;
  readonly host: EngineHost;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
}

/** What builds the store again; it stops before the engine does. */
export function openStoreRebuild(given: StoreRebuilding, undo: AsyncDisposableStack): StoreRebuild {
  const { ledger, host, store: target, openFresh, redactor, clock, log, metrics } = given;
  const rebuilder = new StoreRebuilder({
    ...{ ledger, target, openFresh, partition: host.partition, clock, log, metrics },
    redactText: (tenant, text) => redactor.redactText(tenant, text),
  });
  undo.defer(() => rebuilder.close());
  return rebuilder;
}
