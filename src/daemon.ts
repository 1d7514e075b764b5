import { createHmac } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { readApi } from './api/read-api.ts';
import { createHttpServer } from './api/server.ts';
import { createAuthenticator, type Token } from './api/tokens.ts';
import { webInterface } from './api/ui.ts';
import { createKafkaBus } from './bus/kafkajs/kafka-bus.ts';
import { REGISTRY, SOFTWARE_VERSION } from './components.ts';
import { parseGrants } from './config/grants.ts';
import {
  redactionOfTenant,
  type TokenConfig,
  type TripcoilConfig,
  tenantConfigsOf,
} from './config/load.ts';
import { SYSTEM_TENANT } from './core/entry.ts';
import { TripcoilError } from './core/errors.ts';
import type { GrantSet } from './core/grant.ts';
import type { Registry } from './engine/registry.ts';
import type { Issuer } from './identity/issuer.ts';
import { createIssuers } from './identity/issuers.ts';
import { createJwtAuthenticator } from './identity/jwt-authenticator.ts';
import { createTokenVerifier } from './identity/token-verifier.ts';
import { kafkaDecoder } from './kafka-decoders.ts';
import { openLedger } from './ledger/ledger.ts';
import { listen, portProblem } from './listening.ts';
import { type LocalCredential, localCredentials } from './local-credentials.ts';
import type { Authenticator } from './ports/authenticator.ts';
import type { Clock } from './ports/clock.ts';
import type { Principal } from './ports/ingest.ts';
import type { KeyRing } from './ports/key-ring.ts';
import type { Log } from './ports/log.ts';
import type { Metrics } from './ports/metrics.ts';
import type { Redactor } from './ports/redactor.ts';
import type { Reviews } from './ports/reviews.ts';
import type { RevocationReceiver } from './ports/revocation-receiver.ts';
import type { Store } from './ports/store.ts';
import { tenantOfAccountIn } from './receivers/audit/accounts.ts';
import { auditReceiver } from './receivers/audit/audit-plugin.ts';
import { auditFormats } from './receivers/audit/formats.ts';
import { parseNativeValue } from './receivers/audit/native.ts';
import { nativeReceiver } from './receivers/audit/plugin.ts';
import { BodyReader } from './receivers/body.ts';
import { wellFormedValue } from './receivers/json-body.ts';
import { type KafkaSource, startKafkaSource } from './receivers/kafka/source.ts';
import { compileTable, isKnownAttribute } from './receivers/otlp/attribute-table.ts';
import { createOtlpGrpcReceiver } from './receivers/otlp/grpc/server.ts';
import { OtlpIntake } from './receivers/otlp/intake.ts';
import { otlpReceiver } from './receivers/otlp/plugin.ts';
import { UsageMetrics } from './receivers/otlp/usage-metrics.ts';
import { openRedaction, type Redaction } from './redact/open-redaction.ts';
import { openReviews } from './reviewing.ts';
import { breakerCheck } from './revocation/check/breaker-check.ts';
import { breakerFeed } from './revocation/feed/breaker-feed.ts';
import { createGuardedGet } from './revocation/guarded-get.ts';
import { createGuardedPost } from './revocation/guarded-post.ts';
import { openKeyRing } from './revocation/keys.ts';
import { ssfMetadata } from './revocation/ssf/metadata.ts';
import { createSsfPushReceiver, type SsfPushOptions } from './revocation/ssf/push-receiver.ts';
import { type AlertWebhook, createAlertWebhook } from './revocation/webhook/alert-webhook.ts';
import { AuthenticationRecord, observedAuthenticator } from './runtime/authentication-record.ts';
import { type EngineHost, startEngineHost } from './runtime/engine-host.ts';
import { historyIngest } from './runtime/ingest.ts';
import { NotesOfIngest } from './runtime/ingest-notes.ts';
import { createSubjectOrders } from './runtime/subject-orders.ts';
import { createChdbStore } from './store/clickhouse/chdb-store.ts';
import { createMemoryStore } from './store/memory/memory-store.ts';
import { createMetrics, type ProcessMetrics } from './telemetry/metrics.ts';
import { createTraceForwarder, type TraceForwarder } from './telemetry/trace-forwarder.ts';

export interface DaemonOptions {
  readonly config: TripcoilConfig;
  readonly grants: ReadonlyMap<string, GrantSet>;
  readonly initialPosture: 'shadow' | 'enforce';
  /** In place of the detectors of this build: those and the user's own. */
  readonly registry?: Registry;
  readonly clock: Clock;
  readonly log: Log;
  /** Marks everything shown as synthetic. */
  readonly demo?: boolean;
  /** Where the built web interface lies. */
  readonly webDirectory: string;
}

export interface Daemon {
  /** Base URLs as bound, so that port 0 works. */
  readonly urls: { readonly main: string; readonly otlp: string; readonly otlpGrpc: string };
  readonly host: EngineHost;
  readonly store: { readonly kind: 'chdb' | 'memory' };
  readonly credentials: readonly LocalCredential[];
  /** Refuses new work, finishes what was accepted, then stops. Safe twice. */
  close(): Promise<void>;
}

/** What all HTTP plugins are given. */
interface Surroundings {
  readonly options: DaemonOptions;
  readonly authenticator: Authenticator;
  readonly keys: KeyRing;
  readonly metrics: ProcessMetrics;
  readonly host: EngineHost;
  readonly store: Store;
  readonly reviews: Reviews;
  readonly storeKind: 'chdb' | 'memory';
  readonly redaction: Redaction;
  readonly issuer: (tenant: string) => string;
  readonly bodies: BodyReader;
  readonly intake: OtlpIntake;
  readonly audit: ReturnType<typeof auditReading>;
  readonly notes: NotesOfIngest;
  /** Empty until the brokers are asked, which comes last. */
  topics: readonly KafkaSource[];
  readonly startedAt: number;
  closing: boolean;
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
  const keys = await openKeyRing({ directory: within('keys'), log });
  const ledger = await openLedger({ directory: within('ledger'), log, metrics, clock });
  undo.defer(() => ledger.close());
  const { store, kind } = await openStore(options, metrics);
  undo.defer(() => store.close());
  const forwarder = await openForwarder(options, metrics);
  if (forwarder) undo.defer(() => forwarder.shutdown());

  const policyOf = (tenant: string) => redactionOfTenant(config, tenant);
  const { external } = config.redaction;
  const post = createGuardedPost({ allowLoopback: true, allowPrivate: true });
  const redacting = { keys, clock, metrics, policyOf, external, post };
  const redaction = openRedaction(redacting, within('vault'));
  undo.defer(() => redaction.close());
  const { redactor } = redaction;
  let publicUrl = config.publicUrl ?? '';
  const issuer = (tenant: string): string => `${publicUrl}/t/${encodeURIComponent(tenant)}`;
  const notes = openNotes(options, redactor, metrics);
  const { issuers, verifier, close } = openIdentity(options, keys, metrics);
  undo.defer(close);
  const host = await startEngineHost({
    ...{ ledger, store, redactor, verifier, notes, identifiers: redaction.identifiers },
    receivers: pushReceivers(config, { issuer, keys, clock, metrics, log }),
    shard: { registry: options.registry ?? REGISTRY, initialPosture: options.initialPosture },
    ...{ snapshotDirectory: within('snapshots'), software: SOFTWARE_VERSION },
    ...{ tenantConfigs: tenantConfigsOf(config), grants: options.grants },
    ...{ clock, log, metrics, jitter: Math.random, holdDeliveries: true },
    ...(forwarder ? { forward: (event) => forwarder.forward([event]) } : {}),
  });
  undo.defer(() => host.close());
  const alerts = openAlerts(options, host, metrics);
  if (alerts) undo.defer(() => alerts.close());

  const reviews = openReviews({ ...options, host, store, metrics, post }, undo);
  const callers = authenticatorOf(config, credentials, issuers, clock);
  const authenticator = recordAuthentications(callers, host, metrics, clock, undo);
  const surroundings: Surroundings = {
    ...{ options, keys, metrics, host, store, reviews, redaction, issuer, authenticator, notes },
    audit: auditReading(config),
    bodies: new BodyReader(),
    intake: new OtlpIntake({ ingest: host.ingest, metrics, notes, aliases: config.aliases }),
    topics: [],
    ...{ storeKind: kind, startedAt: clock.now(), closing: false },
  };
  const urls = await startListening(surroundings, undo, (url) => {
    if (publicUrl === '') publicUrl = url;
  });
  const running = undo.move();
  let closed: Promise<void> | null = null;
  return {
    ...{ urls, host, store: { kind }, credentials },
    close: () => {
      surroundings.closing = true;
      closed ??= running.disposeAsync();
      return closed;
    },
  };
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

/** How audit records are read, whichever way they come. */
function auditReading({ audit }: TripcoilConfig) {
  const tenantOfAccount = tenantOfAccountIn(audit.accounts);
  return { formats: auditFormats(audit), tenantOfAccount };
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

/** Starts reading every configured topic; brokers that are away are waited for. */
function kafkaSources({
  options,
  keys,
  metrics,
  host,
  audit,
  notes,
}: Surroundings): readonly KafkaSource[] {
  const { config, clock, log } = options;
  const { ingest } = host;
  const table = compileTable(config.aliases);
  const usage = new UsageMetrics(table);
  const planned = config.kafka.sources.map((source) => {
    const { name, tenants, trust, format, signal, tls, sasl, brokers } = source;
    const sender: Principal = { name, roles: ['ingest'], tenants, trust };
    const decoder = kafkaDecoder({ format, signal, sender, table, usage, ...audit });
    if (decoder === null) {
      throw new TripcoilError('config_invalid', `kafka source ${name}: unknown format ${format}`);
    }
    return { source, sender, decoder, connection: { brokers, tls, sasl } };
  });
  return planned.map(({ source, sender, decoder, connection }) =>
    startKafkaSource({
      ...{ sender, ingest, clock, log, metrics, notes },
      topic: source.topic,
      group: source.group,
      fromBeginning: source.fromBeginning,
      deadLetterTopic: source.deadLetterTopic,
      ...{ format: decoder.source, decode: decoder.decode, singly: decoder.singly ?? false },
      fingerprint: (bytes) =>
        createHmac('sha256', keys.pseudonymKey(source.tenants[0] ?? SYSTEM_TENANT).secret)
          .update(bytes)
          .digest('hex'),
      bus: createKafkaBus({ connection, clock, log, jitter: Math.random }),
    }),
  );
}

function pushReceivers(
  config: TripcoilConfig,
  shared: Pick<SsfPushOptions, 'issuer' | 'keys' | 'clock' | 'metrics' | 'log'>,
): readonly RevocationReceiver[] {
  return config.revocation.receivers.map(({ authorization, ...receiver }) =>
    createSsfPushReceiver({
      ...receiver,
      ...(authorization === null ? {} : { authorizationHeader: authorization }),
      ...shared,
    }),
  );
}

async function mainServer(s: Surroundings): Promise<FastifyInstance> {
  const { options, authenticator, bodies, intake, keys, metrics, host, store, issuer, notes } = s;
  const { clock, log, config } = options;
  const { ingest, control, breakers: view, forBrokers } = host;
  const common = { authenticator, clock, log, metrics };
  const app = createHttpServer({ clock, log, metrics, authenticator });
  const receiving = { authenticator, bodies, log, metrics, notes };
  await app.register(otlpReceiver({ ingest, intake, ...receiving }));
  await app.register(nativeReceiver({ ingest, ...receiving }));
  await app.register(auditReceiver({ ingest, clock, ...receiving, ...s.audit }));
  const history = { ingest: historyIngest(ingest), path: '/v1/history', role: 'operator' } as const;
  await app.register(nativeReceiver({ ...history, ...receiving }));
  const views = { view, brokerView: forBrokers.view };
  await app.register(breakerFeed({ ...views, control, ...common }));
  const parseProposed = (value: unknown) => parseNativeValue(wellFormedValue(value), 0);
  await app.register(breakerCheck({ ...forBrokers, ...views, parseProposed, ...common }));
  await app.register(ssfMetadata({ keys, issuer }));
  await app.register(
    readApi({
      ...{ view: host.view, breakers: view, store, reviews: s.reviews, control },
      personalFindings: s.redaction.findings,
      subjectOrders: createSubjectOrders({ ...s, ...s.redaction, ...config.redaction, clock }),
      parseGrants,
      ...common,
      info: {
        version: SOFTWARE_VERSION,
        startedAt: s.startedAt,
        demo: options.demo ?? false,
        storeKind: s.storeKind,
      },
      ...{ ingestStatus: host.ingestStatus, busSources: () => s.topics },
      exposition: metrics,
      localReads: isLoopback(config.listen.host) && config.publicUrl === null,
      readiness: () => readiness(s),
    }),
  );
  await app.register(webInterface({ directory: options.webDirectory }));
  return app;
}

async function otlpServer(s: Surroundings): Promise<FastifyInstance> {
  const { options, authenticator, metrics, host } = s;
  const { clock, log } = options;
  const app = createHttpServer({ clock, log, metrics, authenticator });
  await app.register(otlpReceiver({ ...s, ingest: host.ingest, log, alone: true }));
  return app;
}

function readiness(s: Surroundings): {
  readonly ready: boolean;
  readonly reasons: readonly string[];
} {
  const reasons: string[] = [];
  if (s.closing) reasons.push('shutting down');
  if (!s.host.partition.writable) reasons.push('the ledger cannot be written');
  return { ready: reasons.length === 0, reasons };
}

/** Starts the OTLP/gRPC listener; returns its URL. */
async function listenGrpc(s: Surroundings, undo: AsyncDisposableStack): Promise<string> {
  const { config, clock, log } = s.options;
  const receiver = createOtlpGrpcReceiver({ ...s, clock, log });
  undo.defer(() => receiver.close());
  const { host, port: wanted } = config.otlpGrpc;
  try {
    const port = await receiver.listen(host, wanted);
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  } catch (error) {
    const code = /\bE[A-Z]{3,}\b/.exec(error instanceof Error ? error.message : '')?.[0] ?? '';
    throw portProblem(error, code, config.otlpGrpc, 'otlp_grpc');
  }
}

async function openStore(
  options: DaemonOptions,
  metrics: ProcessMetrics,
): Promise<{ readonly store: Store; readonly kind: 'chdb' | 'memory' }> {
  const { config, clock, log } = options;
  if (config.store.kind !== 'memory') {
    try {
      const directory = join(config.dataDirectory, 'store');
      return { store: await createChdbStore({ directory, clock, log, metrics }), kind: 'chdb' };
    } catch (error) {
      if (config.store.kind === 'chdb') throw error;
      log.warn('chDB is not available: search covers what fits into memory, the ledger keeps all', {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return { store: createMemoryStore(), kind: 'memory' };
}

async function openForwarder(
  { config, clock, log }: DaemonOptions,
  metrics: ProcessMetrics,
): Promise<TraceForwarder | null> {
  const { forward } = config.telemetry;
  return forward ? createTraceForwarder({ ...forward, clock, log, metrics }) : null;
}

function openAlerts(
  { config, clock, log }: DaemonOptions,
  host: EngineHost,
  metrics: ProcessMetrics,
): AlertWebhook | null {
  const { webhook } = config.alerts;
  if (!webhook) return null;
  const { url, secret } = webhook;
  const alerts = createAlertWebhook({
    ...(secret === null ? {} : { secret }),
    ...{ url, clock, random: Math.random, metrics, log, named: host.forBrokers.keyOf },
    ...{ allowLoopback: true, allowPrivate: true },
  });
  host.view.onFinding((finding) => alerts.finding(finding));
  host.breakers.subscribe(({ transition }) => alerts.transition(transition));
  return alerts;
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
  const taken = new Set(tokens.map(({ name }) => name));
  return createJwtAuthenticator({ issuers, next, taken, clock });
}

function hashedToken({ sha256, ...token }: TokenConfig): Token {
  return { ...token, hash: sha256 };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
