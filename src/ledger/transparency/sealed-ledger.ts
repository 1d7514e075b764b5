import { join } from 'node:path';
import type { Clock } from '../../ports/clock.ts';
import type { Evidence } from '../../ports/evidence.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { LedgerErasure } from '../../ports/ledger-erasure.ts';
import type { LedgerRetention } from '../../ports/ledger-retention.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { TenantSeal } from '../../ports/tenant-seal.ts';
import type { TransparencyView } from '../../ports/transparency.ts';
import { DataKeys } from '../data-keys.ts';
import type { KeyWrap } from '../key-wrap.ts';
import { type LedgerOptions, openLedger } from '../ledger.ts';
import type { LedgerFiles } from '../ledger-files.ts';
import { createLedgerRetention } from '../ledger-retention.ts';
import { NODE_LEDGER_FILES } from '../node-ledger-files.ts';
import { type OpenedRun, readGroups } from '../read.ts';
import { listSegments } from '../segments.ts';
import { createTenantErasure } from '../tenant-erasure.ts';
import { createTenantSeal } from '../tenant-seal.ts';
import type { NoteSigner } from '../tlog/signed-note.ts';
import { createEvidence } from './evidence.ts';
import { LogDirectory } from './log-directory.ts';
import { transparencyView } from './log-view.ts';
import { Transparency } from './transparency.ts';

export interface SealedLedgerDependencies {
  readonly directory: string;
  readonly wrap: KeyWrap;
  readonly signerOf: (tenant: string) => NoteSigner;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly options?: LedgerOptions;
  readonly files?: LedgerFiles;
}

/** A ledger whose entries are sealed, with the transparency logs that prove them. */
export interface SealedLedger {
  readonly ledger: Ledger;
  readonly keys: DataKeys;
  readonly transparency: Transparency;
  readonly logs: TransparencyView;
  readonly erasure: LedgerErasure;
  readonly retention: LedgerRetention;
  /** Seals what is kept beside the ledger. */
  readonly seal: TenantSeal;
  readonly evidence: Evidence;
  close(): Promise<void>;
}

/**
 * Opens the ledger, then its logs, which catch up with what a crash kept from them.
 * @throws as `openLedger`; TripcoilError `config_invalid` where the keys are not the ledger's.
 */
export async function openSealedLedger(
  dependencies: SealedLedgerDependencies,
): Promise<SealedLedger> {
  const { directory, wrap, ...shared } = dependencies;
  const { files = NODE_LEDGER_FILES, clock, log, metrics, signerOf } = dependencies;
  // Whoever is acknowledged first must not wait for the hashing of what it sent.
  const waiting: (readonly OpenedRun[])[] = [];
  let transparency: Transparency | null = null;
  const integrate = (): void => {
    for (const runs of waiting.splice(0)) transparency?.integrate(runs);
  };
  const onDurable = (runs: readonly OpenedRun[]): void => {
    if (waiting.push(runs) === 1) setImmediate(integrate);
  };
  const keys = await DataKeys.open(files, join(directory, 'data-keys'), wrap);
  const ledger = await openLedger({ ...shared, directory, keys, files, onDurable });
  try {
    transparency = await Transparency.open({
      ...{ signerOf, clock, log, metrics },
      directory: new LogDirectory(files, directory),
      readGroups: async function* (fromSeq) {
        const segments = await listSegments(files, directory);
        const readable = segments.map((segment) => ({ ...segment, committedBytes: null }));
        yield* readGroups({ files, directory, keys }, readable, fromSeq, ledger.head.seq);
      },
    });
  } catch (error) {
    await ledger.close();
    throw error;
  }
  const opened = transparency;
  opened.start();
  const settle = (): Promise<void> => {
    integrate();
    return opened.flush();
  };
  const headSeq = () => ledger.head.seq;
  const readable = { files, directory, keys };
  return {
    evidence: createEvidence({ readable, ledger, transparency: opened, signerOf }),
    ...{ ledger, keys, transparency: opened, logs: transparencyView(opened, signerOf) },
    erasure: createTenantErasure({ files, directory, keys, clock, settle, headSeq }),
    seal: createTenantSeal(keys, clock),
    retention: createLedgerRetention({ ledger, keys, settle, clock }),
    close: async () => {
      await ledger.close();
      integrate();
      await opened.close();
    },
  };
}
