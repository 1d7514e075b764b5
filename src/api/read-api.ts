import type { FastifyPluginAsync } from 'fastify';
import type { Authenticator } from '../ports/authenticator.ts';
import type { BreakerView } from '../ports/breakers.ts';
import type { Clock } from '../ports/clock.ts';
import type { Control } from '../ports/control.ts';
import type { KeyOrders } from '../ports/data-keys.ts';
import type { Drills } from '../ports/drills.ts';
import type { EngineView } from '../ports/engine-view.ts';
import type { EvidenceViews } from '../ports/evidence-views.ts';
import type { Exports } from '../ports/exports.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { PersonalFindings } from '../ports/personal-findings.ts';
import type { Reviews } from '../ports/reviews.ts';
import type { Store } from '../ports/store.ts';
import type { StoreRebuild } from '../ports/store-rebuild.ts';
import type { SubjectOrders } from '../ports/subject-orders.ts';
import type { TenantErasures } from '../ports/tenant-erasures.ts';
import type { TransparencyView } from '../ports/transparency.ts';
import { createGuard } from './auth.ts';
import { errorAnswer } from './error-answer.ts';
import { openApiDocument } from './openapi.ts';
import { mountRoutes } from './route.ts';
import { agentHistoryRoutes } from './routes/agent-history.ts';
import { agentRoutes } from './routes/agents.ts';
import { authenticationsRoute } from './routes/authentications.ts';
import { breakerRoutes } from './routes/breakers.ts';
import { chainRoutes } from './routes/chains.ts';
import { dataKeyRoutes } from './routes/data-keys.ts';
import { detectorsRoute } from './routes/detectors.ts';
import { drillRoute } from './routes/drill.ts';
import { evidenceViewsRoute } from './routes/evidence-views.ts';
import { mountExports } from './routes/exports.ts';
import { feedbackRoute } from './routes/feedback.ts';
import { findingRoutes } from './routes/findings.ts';
import { grantsRoute, type ParseGrants, takeGrantsText } from './routes/grants.ts';
import { type IngestStatusDependencies, ingestStatusRoutes } from './routes/ingest-status.ts';
import { ledgerRoutes, mountLogs } from './routes/ledger-logs.ts';
import { mountOperations, type Operations } from './routes/operations.ts';
import { personalFindingsRoute } from './routes/personal-findings.ts';
import { reviewRoutes } from './routes/reviews.ts';
import { createStatus, type ProcessInfo, statusRoutes } from './routes/status.ts';
import { storeRebuildRoutes } from './routes/store-rebuild.ts';
import { subjectRoutes } from './routes/subjects.ts';
import { tenantErasureRoutes } from './routes/tenant-erasures.ts';
import { tenantRoutes } from './routes/tenants.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { mountStream } from './stream.ts';

export interface ReadApiOptions
  extends Operations,
    Pick<IngestStatusDependencies, 'ingestStatus' | 'busSources'> {
  readonly view: EngineView;
  readonly breakers: BreakerView;
  readonly store: Store;
  readonly control: Control;
  readonly reviews: Reviews;
  /** Without them nobody can be drilled. */
  readonly drills?: Pick<Drills, 'run'>;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly info: ProcessInfo;
  readonly personalFindings: PersonalFindings;
  readonly subjectOrders: SubjectOrders;
  /** Without them there are no keys to speak of. */
  readonly keyOrders?: KeyOrders;
  /** Without them no tenant can be erased. */
  readonly tenantErasures?: TenantErasures;
  readonly parseGrants: ParseGrants;
  readonly logs: TransparencyView;
  readonly evidenceViews: EvidenceViews;
  /** Without it nothing is exported. */
  readonly exports?: Exports;
  /** Without it the store is not rebuilt. */
  readonly rebuild?: StoreRebuild;
  /** Set for a loopback listener without a proxy only: reading then needs no token (auth.ts). */
  readonly localReads: boolean;
}

/** The routes of the read API, the operator's orders, the browser's stream and the probes. */
export function readApi(options: ReadApiOptions): FastifyPluginAsync {
  const { view, store, control, clock, log, evidenceViews } = options;
  return async (app) => {
    app.setErrorHandler(errorAnswer(log));
    const guard = createGuard(options);
    const status = createStatus(options);
    const routes = [
      ...statusRoutes(status),
      ...agentRoutes({ view, control, store, clock }),
      ...agentHistoryRoutes({ view, control }),
      ...findingRoutes({ store, view, control }),
      feedbackRoute(options),
      detectorsRoute(view),
      authenticationsRoute(store, clock),
      ...breakerRoutes({ view, control }),
      drillRoute(options.drills, view),
      ...chainRoutes({ store, view, control, clock }),
      ...reviewRoutes(options),
      ...tokenRoutes({ view, control, store, clock }),
      ...tenantRoutes({ view, control }),
      personalFindingsRoute(options.personalFindings),
      ...ingestStatusRoutes(options),
      ...subjectRoutes(options.subjectOrders),
      ...(options.keyOrders ? dataKeyRoutes(options.keyOrders) : []),
      ...(options.tenantErasures ? tenantErasureRoutes(options.tenantErasures) : []),
      ...ledgerRoutes(options.logs),
      evidenceViewsRoute(evidenceViews),
      ...(options.rebuild ? storeRebuildRoutes(options.rebuild) : []),
    ];
    const grants = grantsRoute(control, options.parseGrants);
    mountRoutes(app, routes, guard, {
      onShown: (viewer, evidence) => evidenceViews.saw(viewer, evidence),
    });
    await app.register(async (scope) => {
      takeGrantsText(scope);
      mountRoutes(scope, [grants], guard);
    });
    mountStream(app, { ...options, guard, status });
    mountLogs(app, options.logs, guard);
    const { exports } = options;
    if (exports) mountExports(app, { ...options, exports }, guard);
    mountOperations(app, options, guard);
    const document = openApiDocument([...routes, grants], options.info.version);
    app.get('/openapi.json', async () => document);
  };
}
