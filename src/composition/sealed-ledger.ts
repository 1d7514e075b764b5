import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MasterKeyConfig } from '../config/ledger.ts';
import { DataKeys } from '../ledger/data-keys.ts';
import type { KeyWrap } from '../ledger/key-wrap.ts';
import { masterKeyWrap, openLedgerSecrets } from '../ledger/ledger-secrets.ts';
import { originOf, readOrigin } from '../ledger/log-origin.ts';
import { commandWrap, httpWrap, masterFromText } from '../ledger/master-key.ts';
import { isBeingReplaced, replaceMaster } from '../ledger/master-rotation.ts';
import { NODE_LEDGER_FILES } from '../ledger/node-ledger-files.ts';
import { AnchorFile } from '../ledger/transparency/anchor-file.ts';
import { openSealedLedger, type SealedLedger } from '../ledger/transparency/sealed-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { createGuardedPost } from '../revocation/guarded-post.ts';

const files = NODE_LEDGER_FILES;

/** Opens the ledger of a data directory for writing, with its keys and transparency logs. */
export async function openDataLedger(options: {
  readonly dataDirectory: string;
  /** What its logs are to be named after when they begin. */
  readonly publicUrl: string | null;
  /** Where its master key is; in a file of its own unless given. */
  readonly ledger?: { readonly masterKey: MasterKeyConfig };
  /** In place of that. */
  readonly wrap?: KeyWrap;
  /** Where signed checkpoints are written too; nowhere without it. */
  readonly anchorFile?: string | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): Promise<SealedLedger> {
  const { dataDirectory, publicUrl, clock, log, metrics } = options;
  const directory = join(dataDirectory, 'ledger');
  const keysDirectory = join(dataDirectory, 'keys');
  const wrap = options.wrap ? { wrap: options.wrap } : wrapOf(options.ledger?.masterKey);
  const secrets = await openLedgerSecrets({ files, directory: keysDirectory, log, ...wrap });
  const logs = join(directory, 'logs');
  const base = await readOrigin({ files, directory: logs, wanted: publicUrl, log });
  const sealed = await openSealedLedger({
    ...{ directory, clock, log, metrics, files },
    wrap: secrets.wrap,
    signerOf: (tenant) => ({ name: originOf(base, tenant), privateKey: secrets.signingKey }),
  });
  if (wrap.wrap === undefined && (await isBeingReplaced(files, keysDirectory))) {
    await replaceMaster(files, keysDirectory, sealed.keys);
    log.warn('a replacement of the master key that was cut off is complete');
  }
  return anchored(sealed, options);
}

/** The same ledger, with its checkpoints kept in another file too where one is named. */
function anchored(
  sealed: SealedLedger,
  { anchorFile = null, ...shared }: Parameters<typeof openDataLedger>[0],
): SealedLedger {
  if (anchorFile === null) return sealed;
  const append = (text: string) => appendFile(anchorFile, text, { mode: 0o600, flush: true });
  const anchors = new AnchorFile({ ...shared, logs: sealed.logs, append });
  anchors.start();
  return {
    ...sealed,
    close: async () => {
      await sealed.close();
      await anchors.close();
    },
  };
}

/** The keys to what a data directory holds, for reading beside a daemon. */
export async function readDataKeys(
  dataDirectory: string,
  log: Log,
  masterKey?: MasterKeyConfig,
): Promise<DataKeys> {
  const directory = join(dataDirectory, 'keys');
  const { wrap } = await openLedgerSecrets({ files, directory, log, ...wrapOf(masterKey) });
  return DataKeys.open(files, join(dataDirectory, 'ledger', 'data-keys'), wrap);
}

/** What wraps data keys; nothing for the key in our own file. */
export function wrapOf(masterKey: MasterKeyConfig | undefined): { readonly wrap?: KeyWrap } {
  switch (masterKey?.kind) {
    case 'secret':
      return {
        wrap: masterKeyWrap(masterFromText(masterKey.secret, '`ledger.master_key.secret`')),
      };
    case 'command':
      return { wrap: commandWrap(masterKey.command) };
    case 'http': {
      const post = createGuardedPost({ allowLoopback: true, allowPrivate: true });
      return { wrap: httpWrap({ ...masterKey, post }) };
    }
    default:
      return {};
  }
}
