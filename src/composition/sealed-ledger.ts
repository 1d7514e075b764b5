import { join } from 'node:path';
import { DataKeys } from '../ledger/data-keys.ts';
import { openLedgerSecrets } from '../ledger/ledger-secrets.ts';
import { originOf, readOrigin } from '../ledger/log-origin.ts';
import { NODE_LEDGER_FILES } from '../ledger/node-ledger-files.ts';
import { openSealedLedger, type SealedLedger } from '../ledger/transparency/sealed-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';

const files = NODE_LEDGER_FILES;

/** Opens the ledger of a data directory for writing, with its keys and transparency logs. */
export async function openDataLedger(options: {
  readonly dataDirectory: string;
  /** What its logs are to be named after when they begin. */
  readonly publicUrl: string | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): Promise<SealedLedger> {
  const { dataDirectory, publicUrl, clock, log, metrics } = options;
  const directory = join(dataDirectory, 'ledger');
  const secrets = await openLedgerSecrets({ files, directory: join(dataDirectory, 'keys'), log });
  const logs = join(directory, 'logs');
  const base = await readOrigin({ files, directory: logs, wanted: publicUrl, log });
  return openSealedLedger({
    ...{ directory, clock, log, metrics, files },
    wrap: secrets.wrap,
    signerOf: (tenant) => ({ name: originOf(base, tenant), privateKey: secrets.signingKey }),
  });
}

/** The keys to what a data directory holds, for reading beside a daemon. */
export async function readDataKeys(dataDirectory: string, log: Log): Promise<DataKeys> {
  const { wrap } = await openLedgerSecrets({ files, directory: join(dataDirectory, 'keys'), log });
  return DataKeys.open(files, join(dataDirectory, 'ledger', 'data-keys'), wrap);
}
