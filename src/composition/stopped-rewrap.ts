import { join } from 'node:path';
import type { TripcoilConfig } from '../config/load.ts';
import { SYSTEM_TENANT } from '../core/entry.ts';
import { wrapDuring } from '../ledger/key-wrap.ts';
import { openLedgerSecrets } from '../ledger/ledger-secrets.ts';
import { replaceMaster } from '../ledger/master-rotation.ts';
import { NODE_LEDGER_FILES } from '../ledger/node-ledger-files.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { encodeEntry } from '../runtime/entries.ts';
import { openDataLedger, wrapOf } from './sealed-ledger.ts';

/**
 * Wraps the data keys of a stopped ledger under the master key of a configuration, from that of
 * another one; where both say the same file, under a new key in it. Recorded in the ledger. Safe to
 * repeat after a crash.
 * @throws TripcoilError `ledger_locked` while a daemon has it open.
 */
export async function rewrapStopped(options: {
  readonly from: TripcoilConfig;
  readonly to: TripcoilConfig;
  readonly actor: string;
  readonly reason: string;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<number> {
  const { from, to, actor, reason, clock, log } = options;
  const files = NODE_LEDGER_FILES;
  const directory = join(from.dataDirectory, 'keys');
  const shared = { clock, log, metrics: SILENT_METRICS };
  const own = (await openLedgerSecrets({ files, directory, log })).wrap;
  const current = wrapOf(from.ledger.masterKey).wrap;
  const next = wrapOf(to.ledger.masterKey).wrap;
  const both = current === undefined && next === undefined;
  // A round that was cut off has left keys under either.
  const wrap = both ? {} : { wrap: wrapDuring(current ?? own, next ?? own) };
  const sealed = await openDataLedger({ ...from, ...shared, ...wrap });
  try {
    const keys = both
      ? await replaceMaster(files, directory, sealed.keys)
      : await sealed.keys.rewrap(next ?? own);
    const body = { type: 'master_replaced', actor, reason, keys };
    const entry = { kind: 'key', tenant: SYSTEM_TENANT, body } as const;
    const loggedAt = Math.max(clock.now(), sealed.ledger.head.loggedAt);
    await sealed.ledger.append([encodeEntry(entry, loggedAt)]);
    return keys;
  } finally {
    await sealed.close();
  }
}
