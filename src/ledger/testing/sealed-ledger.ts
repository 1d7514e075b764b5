import type { KeyObject } from 'node:crypto';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { openSealedLedger, type SealedLedger } from '../transparency/sealed-ledger.ts';
import { STILL_CLOCK } from './entries.ts';
import { testWrap } from './key-wrap.ts';
import { SimulatedFiles } from './simulated-files.ts';

/** An empty sealed ledger in memory, which publishes when it is told to and at its end. */
export function sealedTestLedger(
  privateKey: KeyObject,
  originOf = (tenant: string) => `tripcoil.example/t/${tenant}/log`,
): Promise<SealedLedger> {
  return openSealedLedger({
    ...{ directory: '/ledger', wrap: testWrap(1), files: new SimulatedFiles(() => 0) },
    signerOf: (tenant) => ({ name: originOf(tenant), privateKey }),
    clock: {
      ...STILL_CLOCK,
      sleep: (_, signal) =>
        new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
    },
    ...{ log: SILENT_LOG, metrics: SILENT_METRICS },
  });
}
