import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthenticator, type Token } from './api/tokens.ts';
import { REGISTRY, SOFTWARE_VERSION } from './components.ts';
import { openActuators } from './composition/actuators.ts';
import { auditReading } from './composition/audit-reading.ts';
import { dataKeyFiles } from './composition/data-key-files.ts';
import { watchEffect } from './composition/effect.ts';
import { kafkaSources } from './composition/kafka-sources.ts';
import { keepRetention } from './composition/keeping.ts';
import { listen } from './composition/listening.ts';
import { type LocalCredential, localCredentials } from './composition/local-credentials.ts';
import { listenExtAuthz } from './composition/pull-surfaces.ts';
import { createReconfigure, type Reconfigure } from './composition/reconfiguring.ts';
import { openReviews } from './composition/reviewing.ts';
import { openAlerts, orderReceivers } from './composition/revocation-outputs.ts';
import { openDataLedger } from './composition/sealed-ledger.ts';
import { listenGrpc, mainServer, otlpServer } from './composition/servers.ts';
import { openStore } from './composition/store-opening.ts';
import { openStoreRebuild } from './composition/store-rebuilding.ts';
import type { DaemonOptions, Surroundings } from './composition/surroundings.ts';
import {
  redactionOfTenant,
  type TokenConfig,
  type TripcoilConfig,
  tenantConfigsOf,
} from './config/load.ts';
import { SYSTEM_TENANT } from './core/entry.ts';
import type { Issuer } from './identity/issuer.ts';
import { createIssuers } from './identity/issuers.ts';
import { createJwtAuthenticator } from './identity/jwt-authenticator.ts';
import { createTokenVerifier } from './identity/token-verifier.ts';
import type { Authenticator } from './ports/authenticator.ts';
import type { Clock } from './ports/clock.ts';
import type { KeyRing } from './ports/key-ring.ts';
import type { Metrics } from './ports/metrics.ts';
import type { Redactor } from './ports/redactor.ts';
import type { TextPost } from './ports/text-fetch.ts';
import { BodyReader } from './receivers/body.ts';
import { compileTable, isKnownAttribute } from './receivers/otlp/attribute-table.ts';
import { OtlpIntake } from './receivers/otlp/intake.ts';
import { openRedaction, type Redaction } from './redact/open-redaction.ts';
import { createGuardedGet } from './revocation/guarded-get.ts';
import { createGuardedPost } from './revocation/guarded-post.ts';
import { openKeyRing } from './revocation/keys.ts';
import { AuthenticationRecord, observedAuthenticator } from './runtime/authentication-record.ts';
import { type EngineHost, startEngineHost } from './runtime/engine-host.ts';
import { NotesOfIngest } from './runtime/ingest-notes.ts';
import { resumeErasures } from './runtime/tenant-erasures.ts';
import { createMetrics, type ProcessMetrics } from './telemetry/metrics.ts';
import { createTraceForwarder, type TraceForwarder } from './telemetry/trace-forwarder.ts';

export interface Daemon {
  /** Base URLs as bound, so that port 0 works. */
  readonly urls: { readonly main: string; readonly otlp: string; readonly otlpGrpc: string };
  readonly host: EngineHost;
  readonly store: { readonly kind: 'chdb' | 'memory' };
  readonly credentials: readonly LocalCredential[];
  readonly reconfigure: Reconfigure;
  /** Refuses new work, finishes what was accepted, then stops. Safe twice. */
  close(): Promise<void>;
}

/** The only composition root of the running process. Starts everything or leaves nothing behind. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, clock, log } = options;
  const metrics = createMetrics({ version: SOFTWARE_VERSION });
  const directory = config.dataDirectory;
  await using undo = new AsyncDisposableStack();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const credentials = await localCredentials(directory);
  const within = (name: string): string => join(directory, name);
  const keys = await openKeyRing({ directory: within('keys'), log, now: () => clock.now() });
  undo.defer(() => keys.close());
  const sealed = await openDataLedger({ ...config, clock, log, metrics });
  undo.defer(() => sealed.close());
  const { ledger, logs, seal, erasure, retention, evidence } = sealed;
  const { store, kind, openFresh } = await openStore(options, metrics);
  undo.defer(() => store.close());
  const forwarder = await openForwarder(options, metrics);
  if (forwarder) undo.defer(() => forwarder.shutdown());

  const post = createGuardedPost({ allowLoopback: true, allowPrivate: true });
  const redaction = redactionOf(options, { keys, metrics, post }, undo);
  const { redactor } = redaction;
  let publicUrl = config.publicUrl ?? '';
  const issuer = (tenant: string): string => `${publicUrl}/t/${encodeURIComponent(tenant)}`;
  const notes = openNotes(options, redactor, metrics);
  const { issuers, verifier, close } = openIdentity(options, keys, metrics);
  undo.defer(close);
  const actuators = openActuators({ config, clock, metrics, log, environment: process.env });
  await resumeErasures({ ledger, erasure, subjects: redaction.subjects, log });
  const host = await startEngineHost({
    ...{ ledger, seal, store, redactor, verifier, notes, identifiers: redaction.identifiers },
    receivers: [...orderReceivers(options, { issuer, keys, metrics }, undo), ...actuators],
    shard: { registry: options.registry ?? REGISTRY, initialPosture: options.initialPosture },
    ...{ snapshotDirectory: within('snapshots'), software: SOFTWARE_VERSION },
    ...{ tenantConfigs: tenantConfigsOf(config), grants: options.grants },
    ...{ clock, log, metrics, jitter: Math.random, holdDeliveries: true },
    ...(forwarder ? { forward: (event) => forwarder.forward([event]) } : {}),
  });
  undo.defer(() => host.close());
  keepRetention({ ...options, ...redaction, host, retention, store }, undo);
  const alerts = openAlerts(options, host, metrics);
  if (alerts) undo.defer(() => alerts.close());
  watchEffect({ config, host, actuators, alerts, clock, log, metrics }, undo);

  const reviews = openReviews({ ...options, host, store, metrics, post }, undo);
  const callers = authenticatorOf(config, credentials, issuers, clock);
  const authenticator = recordAuthentications(callers, host, metrics, clock, undo);
  const rebuilding = { ...options, ledger, host, redactor, metrics, store, openFresh };
  const surroundings: Surroundings = {
    ...{ options, keys, metrics, host, store, reviews, redaction, logs, erasure, issuer, notes },
    dataKeys: dataKeyFiles({ ...config, ...config.ledger, keys: sealed.keys, clock }),
    ...{ rebuild: openStoreRebuild(rebuilding, undo), evidence, authenticator, verifier },
    ...{ audit: auditReading(config), bodies: new BodyReader() },
    intake: new OtlpIntake({ ingest: host.ingest, metrics, notes, aliases: config.aliases }),
    ...{ topics: [], storeKind: kind, startedAt: clock.now(), closing: false },
  };
  const urls = await startListening(surroundings, undo, (url) => {
    if (publicUrl === '') publicUrl = url;
  });
  const running = undo.move();
  let closed: Promise<void> | null = null;
  return {
    ...{ urls, host, store: { kind }, credentials },
    reconfigure: createReconfigure(host, reviews, metrics),
    close: () => {
      surroundings.closing = true;
      closed ??= running.disposeAsync();
      return closed;
    },
  };
}

/** Hides personal data by each tenant's policy; what it may give back lies in the vault. */
function redactionOf(
  { config, clock }: DaemonOptions,
  shared: { readonly keys: KeyRing; readonly metrics: Metrics; readonly post: TextPost },
  undo: AsyncDisposableStack,
): Redaction {
  const policyOf = (tenant: string) => redactionOfTenant(config, tenant);
  const { external } = config.redaction;
  const redacting = { ...shared, clock, policyOf, external };
  const redaction = openRedaction(redacting, join(config.dataDirectory, 'vault'));
  undo.defer(() => redaction.close());
  return redaction;
}

/** Everything that takes in events; deliveries begin once receivers can ask for keys. */
async function startListening(
  surroundings: Surroundings,
  undo: AsyncDisposableStack,
  bound: (url: string) => void,
): Promise<Daemon['urls']> {
  const { config } = surroundings.options;
  const main = await listen(await mainServer(surroundings), config.listen, 'listen');
  undo.defer(() => main.app.close());
  bound(main.url);
  surroundings.host.startDeliveries();
  const otlp = await listen(await otlpServer(surroundings), config.otlp, 'otlp');
  undo.defer(() => otlp.app.close());
  const otlpGrpc = await listenGrpc(surroundings, undo);
  await listenExtAuthz(surroundings, undo);
  const sources = kafkaSources(surroundings);
  surroundings.topics = sources;
  undo.defer(async () => void (await Promise.all(sources.map((source) => source.close()))));
  return { main: main.url, otlp: otlp.url, otlpGrpc };
}

/** Who is believed about tokens, and what reads them. */
function openIdentity({ config, clock, log }: DaemonOptions, keys: KeyRing, metrics: Metrics) {
  const remote = { fetch: createGuardedGet, clock, log, metrics };
  const { issuers, close } = createIssuers(config.identity.issuers, { remote });
  return { issuers, verifier: createTokenVerifier({ issuers, keys, metrics }), close };
}

/** Has every credential that is sent recorded. */
function recordAuthentications(
  callers: Authenticator,
  { ingest }: EngineHost,
  metrics: Metrics,
  clock: Clock,
  undo: AsyncDisposableStack,
): Authenticator {
  const record = new AuthenticationRecord({ ingest, clock, metrics });
  record.start();
  undo.defer(() => record.close());
  return observedAuthenticator(callers, record.observe);
}

function openNotes(
  { config, clock }: DaemonOptions,
  redactor: Redactor,
  metrics: ProcessMetrics,
): NotesOfIngest {
  const table = compileTable(config.aliases);
  return new NotesOfIngest({
    ...{ clock, metrics },
    // Mappers of audit formats put into `attrs` what they mean to; anything else may be news.
    isKnown: (format, key) =>
      format.startsWith('otlp.') ? isKnownAttribute(table, key) : format !== 'native',
    isPersonal: (text) => redactor.redactText(SYSTEM_TENANT, text) !== text,
  });
}

async function openForwarder(
  { config, clock, log }: DaemonOptions,
  metrics: ProcessMetrics,
): Promise<TraceForwarder | null> {
  const { forward } = config.telemetry;
  return forward ? createTraceForwarder({ ...forward, clock, log, metrics }) : null;
}

/** Static tokens first, then those that a configured issuer signed. */
function authenticatorOf(
  config: TripcoilConfig,
  credentials: readonly LocalCredential[],
  issuers: readonly Issuer[],
  clock: Clock,
): Authenticator {
  const tokens = [...config.tokens, ...credentials.map((each) => each.config)];
  const next = createAuthenticator(tokens.map(hashedToken));
  const { receivers, actuators } = config.revocation;
  // Acknowledgements are counted by name: whoever a token names must not stand for one of these.
  const taken = new Set([...tokens, ...receivers, ...actuators].map(({ name }) => name));
  return createJwtAuthenticator({ issuers, next, taken, clock });
}

function hashedToken({ sha256, ...token }: TokenConfig): Token {
  return { ...token, hash: sha256 };
}
