import type { EngineView } from '../../ports/engine-view.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { Store } from '../../ports/store.ts';
import type { RebuildProgress, StoreRebuild } from '../../ports/store-rebuild.ts';
import { covers, READERS } from '../auth.ts';
import { timeText } from '../bodies.ts';
import type { StatusBody } from '../contract.ts';
import { defineRoute, type Route } from '../route.ts';
import { STATUS } from '../schemas.ts';

export interface ProcessInfo {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly demo: boolean;
  /** `chdb`, `memory`, …; shown to people. */
  readonly storeKind: string;
}

/** The state of the process as far as the caller may see it. */
export type Status = (principal: Principal) => Promise<StatusBody>;

export function createStatus(options: {
  readonly view: EngineView;
  readonly store: Store;
  readonly info: ProcessInfo;
  readonly rebuild?: Pick<StoreRebuild, 'progress'>;
}): Status {
  const { view, store, info, rebuild } = options;
  let projectedSeq = 0;
  return async (principal) => {
    // While the store is away, what it last said still holds: a projection never goes back.
    projectedSeq = await store.projectedSeq().catch(() => projectedSeq);
    const whole = principal.tenants === '*';
    return {
      ...(whole ? {} : { scope: 'tenants' }),
      version: info.version,
      started_at: timeText(info.startedAt),
      term: view.term,
      ledger: whole ? { ...view.ledgerHead } : { seq: 0, hash: '', unrecorded: 0 },
      store: {
        kind: info.storeKind,
        healthy: store.healthy(),
        projected_seq: whole ? projectedSeq : 0,
        ...(whole ? rebuildOf(rebuild?.progress() ?? null) : {}),
      },
      tenants: view
        .tenants()
        .filter(({ tenant }) => covers(principal, tenant))
        .map((tenant) => ({
          tenant: tenant.tenant,
          posture: tenant.posture,
          agents: tenant.agents,
          open_breakers: tenant.openBreakers,
          late_breakers: tenant.lateBreakers,
          would_have_tripped: tenant.wouldHaveTripped,
          storm: tenant.storm && { ...tenant.storm, since: timeText(tenant.storm.since) },
          single_operator: tenant.singleOperator,
        })),
      ...(whole ? processFigures(view) : NO_FIGURES),
      demo: info.demo,
    };
  };
}

function rebuildOf(progress: RebuildProgress | null): Pick<StatusBody['store'], 'rebuild'> {
  return progress === null ? {} : { rebuild: { seq: progress.seq, of: progress.of } };
}

export function statusRoutes(status: Status): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/status',
      summary: 'What runs, and how it is.',
      access: READERS,
      answer: STATUS,
      handle: ({ principal }) => status(principal),
    }),
  ];
}

const NO_FIGURES: Pick<StatusBody, 'ingest' | 'revocation'> = {
  ingest: { events: 0, rejected: 0, per_second: 0, last_event_at: null },
  revocation: { delivered: 0, unacknowledged: 0, p50_ms: null, p99_ms: null },
};

function processFigures(view: EngineView): Pick<StatusBody, 'ingest' | 'revocation'> {
  const counters = view.counters();
  const { lastEventAt } = counters;
  const delays = [...counters.acknowledgeDelaysMs].sort((a, b) => a - b);
  return {
    ingest: {
      events: counters.events,
      rejected: counters.rejected,
      per_second: counters.perSecond,
      last_event_at: lastEventAt === null ? null : timeText(lastEventAt),
    },
    revocation: {
      delivered: counters.delivered,
      unacknowledged: counters.unacknowledged,
      p50_ms: quantile(delays, 0.5),
      p99_ms: quantile(delays, 0.99),
    },
  };
}

/** Nearest rank of a sorted list; null of an empty one. */
function quantile(sorted: readonly number[], q: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? null;
}
