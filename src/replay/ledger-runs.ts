import { type TripcoilConfig, tenantConfigOf } from '../config/load.ts';
import type { Registry } from '../engine/registry.ts';
import { Shard } from '../engine/shard.ts';
import { readLedger } from '../offline.ts';
import { redactedConfig } from '../runtime/redacted-orders.ts';
import { foldLedger, withConfigs } from './ledger-fold.ts';
import { type Difference, type LedgerReplay, ReplayComparison } from './ledger-replay.ts';
import { type WhatIf, WhatIfComparison } from './what-if.ts';

/** Where the log is, and what it is folded with. */
export interface LedgerRun {
  readonly dataDirectory: string;
  readonly config: TripcoilConfig;
  readonly registry: Registry;
  /** Of tenants that nobody ordered into another; `shadow` unless a demo wrote it. */
  readonly posture: 'shadow' | 'enforce';
}

/** Makes every decision of a ledger again, and tells of each that is recorded otherwise. */
export async function replayLedger(
  { dataDirectory, config, registry, posture }: LedgerRun,
  tell: (difference: Difference) => void,
): Promise<LedgerReplay> {
  const { entries } = await readLedger(dataDirectory, config);
  const comparison = new ReplayComparison(tell);
  await foldLedger(entries, new Shard({ registry, initialPosture: posture }), comparison);
  return comparison.result();
}

/** What another configuration, or other detectors, would have made of the same log. */
export async function whatIf({
  dataDirectory,
  config,
  registry,
  posture,
}: LedgerRun): Promise<WhatIf> {
  const { entries, redactor } = await readLedger(dataDirectory, config);
  const comparison = new WhatIfComparison();
  const shard = new Shard({ registry, initialPosture: posture });
  const presented = withConfigs((tenant) =>
    redactedConfig(redactor, tenant, tenantConfigOf(config, tenant)),
  );
  await foldLedger(entries, shard, comparison, presented);
  return comparison.result();
}
