import type { FastifyInstance } from 'fastify';
import { readApi } from '../api/read-api.ts';
import { webInterface } from '../api/ui.ts';
import { SOFTWARE_VERSION } from '../components.ts';
import { parseGrants } from '../config/grants.ts';
import { auditReceiver } from '../receivers/audit/audit-plugin.ts';
import { parseNativeValue } from '../receivers/audit/native.ts';
import { nativeReceiver } from '../receivers/audit/plugin.ts';
import { wellFormedValue } from '../receivers/json-body.ts';
import { createOtlpGrpcReceiver } from '../receivers/otlp/grpc/server.ts';
import { otlpReceiver } from '../receivers/otlp/plugin.ts';
import { breakerCheck } from '../revocation/check/breaker-check.ts';
import { EvidenceViewRecord } from '../runtime/evidence-views.ts';
import { historyIngest } from '../runtime/ingest.ts';
import { createKeyOrders } from '../runtime/key-orders.ts';
import { createSubjectOrders } from '../runtime/subject-orders.ts';
import { createTenantErasures } from '../runtime/tenant-erasures.ts';
import { registerBreakerFeed } from './breaker-feed.ts';
import { openExports } from './exporting.ts';
import { portProblem } from './listening.ts';
import { pullSurfaces } from './pull-surfaces.ts';
import { sharedSignals } from './shared-signals.ts';
import type { Surroundings } from './surroundings.ts';
import { grpcCredentials, listenerServer } from './tls.ts';

export async function mainServer(s: Surroundings): Promise<FastifyInstance> {
  const { options, authenticator, bodies, intake, metrics, host, store, notes } = s;
  const { clock, log, config } = options;
  const { ingest, control, breakers: view, forBrokers } = host;
  const common = { authenticator, clock, log, metrics };
  const app = await listenerServer(s, config.listen.tls, 'listen');
  const receiving = { authenticator, bodies, log, metrics, notes };
  await app.register(otlpReceiver({ ingest, intake, ...receiving }));
  await app.register(nativeReceiver({ ingest, ...receiving }));
  await app.register(auditReceiver({ ingest, clock, ...receiving, ...s.audit }));
  const history = { ingest: historyIngest(ingest), path: '/v1/history', role: 'operator' } as const;
  await app.register(nativeReceiver({ ...history, ...receiving }));
  const views = { view, brokerView: forBrokers.view };
  await registerBreakerFeed(app, s);
  const parseProposed = (value: unknown) => parseNativeValue(wellFormedValue(value), 0);
  await app.register(breakerCheck({ ...forBrokers, ...views, parseProposed, ...common }));
  await pullSurfaces(app, s);
  await sharedSignals(app, s);
  await app.register(
    readApi({
      ...{ view: host.view, breakers: view, store, reviews: s.reviews, control },
      personalFindings: s.redaction.findings,
      subjectOrders: createSubjectOrders({ ...s, ...s.redaction, ...config.redaction, clock }),
      tenantErasures: createTenantErasures({
        ...s,
        ...s.redaction,
        ...config.redaction,
        ...options,
      }),
      keyOrders: createKeyOrders({ ...s, ...s.redaction, log }),
      parseGrants,
      logs: s.logs,
      evidenceViews: evidenceViews(s),
      exports: openExports(s),
      rebuild: s.rebuild,
      drills: host.drills,
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

export async function otlpServer(s: Surroundings): Promise<FastifyInstance> {
  const { host } = s;
  const { log, config } = s.options;
  const app = await listenerServer(s, config.otlp.tls, 'otlp');
  await app.register(otlpReceiver({ ...s, ingest: host.ingest, log, alone: true }));
  return app;
}

function evidenceViews({ host, options, redaction }: Surroundings): EvidenceViewRecord {
  return new EvidenceViewRecord({
    append: (entries) => host.partition.append(entries),
    ...{ clock: options.clock, log: options.log },
    redact: (tenant, text) => redaction.redactor.redactText(tenant, text),
  });
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
export async function listenGrpc(s: Surroundings, undo: AsyncDisposableStack): Promise<string> {
  const { config, clock, log } = s.options;
  const { host, port: wanted, tls } = config.otlpGrpc;
  const credentials = await grpcCredentials(s, tls, 'otlp_grpc', undo);
  const receiver = createOtlpGrpcReceiver({
    ...s,
    clock,
    log,
    ...(credentials && { credentials }),
  });
  undo.defer(() => receiver.close());
  try {
    const port = await receiver.listen(host, wanted);
    return `http${tls ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  } catch (error) {
    const code = /\bE[A-Z]{3,}\b/.exec(error instanceof Error ? error.message : '')?.[0] ?? '';
    throw portProblem(error, code, config.otlpGrpc, 'otlp_grpc');
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
