import { join } from 'node:path';
import { REGISTRY, SOFTWARE_VERSION } from './components.ts';
import { openDataLedger, readDataKeys } from './composition/sealed-ledger.ts';
import { redactionOfTenant, type TripcoilConfig } from './config/load.ts';
import type { LogEntry } from './core/entry.ts';
import { TripcoilError } from './core/errors.ts';
import type { GrantSet } from './core/grant.ts';
import type { RedactionPolicy } from './core/redaction-policy.ts';
import type { Registry } from './engine/registry.ts';
import { createIssuers } from './identity/issuers.ts';
import { createTokenVerifier } from './identity/token-verifier.ts';
import type { DataKeys } from './ledger/data-keys.ts';
import { NODE_LEDGER_FILES } from './ledger/node-ledger-files.ts';
import { readEntries } from './ledger/read.ts';
import { listSegments } from './ledger/segments.ts';
import { verifyLedger } from './ledger/verify.ts';
import type { Clock } from './ports/clock.ts';
import { type Log, SILENT_LOG } from './ports/log.ts';
import { SILENT_METRICS } from './ports/metrics.ts';
import type { Redactor } from './ports/redactor.ts';
import type { TokenVerifier } from './ports/token-verifier.ts';
import { createExternalRecogniser } from './redact/external/recogniser.ts';
import { rotatingPseudonymKeys } from './redact/pseudonym-keys.ts';
import { createRedactor } from './redact/redactor.ts';
import { SubjectStore } from './redact/subject-store.ts';
import { createGuardedPost } from './revocation/guarded-post.ts';
import { fixedKeyRing, openKeyRing } from './revocation/keys.ts';
import { type EngineHost, startEngineHost } from './runtime/engine-host.ts';
import { decodeEntry } from './runtime/entries.ts';
import { resumeErasures } from './runtime/tenant-erasures.ts';
import { createMemoryStore } from './store/memory/memory-store.ts';

/**
 * The second composition root, for work on files: no listener, no receiver, no search. What it
 * builds is the daemon's own engine (docs/adr/0004).
 */
export async function openOffline(options: {
  readonly config: TripcoilConfig;
  readonly grants: ReadonlyMap<string, GrantSet>;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry?: Registry;
}): Promise<EngineHost & AsyncDisposable> {
  const { config, grants, clock, log } = options;
  const metrics = SILENT_METRICS;
  const directory = config.dataDirectory;
  await using undo = new AsyncDisposableStack();
  const sealed = await openDataLedger({ ...config, clock, log, metrics });
  undo.defer(() => sealed.close());
  const { ledger, seal, erasure } = sealed;
  const keys = await openKeyRing({ directory: join(directory, 'keys'), log });
  const vault = new SubjectStore(keys, join(directory, 'vault'));
  undo.defer(() => vault.close());
  const { external } = config.redaction;
  const post = createGuardedPost({ allowLoopback: true, allowPrivate: true });
  await resumeErasures({ ledger, erasure, subjects: vault, log });
  const host = await startEngineHost({
    ...{ ledger, seal },
    store: createMemoryStore(),
    redactor: createRedactor({
      ...{ keys, metrics, vault },
      pseudonymKeys: rotatingPseudonymKeys({ keys, store: vault, clock }),
      policyOf: (tenant) => redactionOfTenant(config, tenant),
      ...(external && { external: createExternalRecogniser({ ...external, post, metrics }) }),
    }),
    receivers: [],
    shard: { registry: options.registry ?? REGISTRY, initialPosture: 'shadow' },
    snapshotDirectory: join(directory, 'snapshots'),
    software: SOFTWARE_VERSION,
    tenantConfigs: new Map(),
    grants,
    ...{ clock, log, metrics, jitter: Math.random },
  });
  undo.defer(() => host.close());
  const opened = undo.move();
  return { ...host, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Reads tokens of a replay by the keys that need no network; all others stay unverified. */
export function offlineVerifier(config: TripcoilConfig): TokenVerifier {
  const metrics = SILENT_METRICS;
  const { issuers } = createIssuers(config.identity.issuers, { remote: null });
  return createTokenVerifier({ issuers, keys: fixedKeyRing(), metrics });
}

/**
 * The redactor of a replay: its pseudonyms are the same on every machine and protect nothing. It
 * asks nobody outside.
 */
export function offlineRedactor(config?: TripcoilConfig): Redactor {
  return createRedactor({
    ...{ keys: fixedKeyRing(), metrics: SILENT_METRICS },
    ...(config ? { policyOf: (tenant: string) => redactionOfTenant(config, tenant) } : {}),
  });
}

/** The same for one policy, whoever the tenant is. */
export function offlineRedactorOf(policy: RedactionPolicy): Redactor {
  return createRedactor({ keys: fixedKeyRing(), policyOf: () => policy });
}

/**
 * What a daemon recorded, in its order up to the last whole commit, beside a redactor with its
 * keys. Only reads, also while the daemon runs.
 * @throws TripcoilError `ledger_corrupt` where the record is damaged.
 */
export async function readLedger(
  dataDirectory: string,
  config: TripcoilConfig,
): Promise<{ readonly entries: AsyncIterable<readonly LogEntry[]>; readonly redactor: Redactor }> {
  const directory = join(dataDirectory, 'ledger');
  const verified = await verifyLedger(directory);
  if (!verified.ok) throw new TripcoilError('ledger_corrupt', verified.problem.message);
  const keys = await openKeyRing({ directory: join(dataDirectory, 'keys'), log: SILENT_LOG });
  const policyOf = (tenant: string) => redactionOfTenant(config, tenant);
  const redactor = createRedactor({ keys, metrics: SILENT_METRICS, policyOf });
  const sealing = await readDataKeys(dataDirectory, SILENT_LOG, config.ledger.masterKey);
  return { entries: entriesOf(directory, sealing, verified.head.seq), redactor };
}

async function* entriesOf(
  directory: string,
  keys: DataKeys,
  head: number,
): AsyncIterable<readonly LogEntry[]> {
  const segments = await listSegments(NODE_LEDGER_FILES, directory);
  const readable = segments.map((segment) => ({ ...segment, committedBytes: null }));
  const ledger = { files: NODE_LEDGER_FILES, directory, keys };
  for await (const batch of readEntries(ledger, readable, 1, head)) {
    yield batch.map(decodeEntry);
  }
}
