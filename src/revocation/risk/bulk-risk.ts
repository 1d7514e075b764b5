import { createHash } from 'node:crypto';
import type { FastifyPluginAsync } from 'fastify';
import type { BreakerKey } from '../../core/breaker.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { SECOND_MS } from '../../core/time.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import type { Log } from '../../ports/log.ts';
import { admit, answerError, isBroker, tenantOf } from '../admission.ts';
import type { BreakerChanges } from '../breaker-changes.ts';
import { waitSecondsOf } from '../long-poll.ts';

/** Agents of one tenant that have a risk or an open breaker, with a version of all that. */
export interface TenantRisk {
  readonly version: string;
  /** By agent: risk in whole points, and the highest level open on it. */
  readonly agents: Readonly<Record<string, { readonly risk: number; readonly level: number }>>;
}

export interface TenantRiskDependencies {
  readonly engine: Pick<EngineView, 'risks'>;
  /** A key as brokers know it. */
  readonly named: (key: BreakerKey) => BreakerKey;
  readonly clock: Clock;
}

/**
 * Reads the risk of a tenant's agents, at most every `LIMITS.riskLookedAtMs`: it decays all the
 * time, and walking 100,000 agents takes 10 ms.
 */
export function createTenantRisk(
  dependencies: TenantRiskDependencies,
): (tenant: string, names: 'recorded' | 'plain') => TenantRisk {
  const { engine, named, clock } = dependencies;
  const known = new Map<string, { readonly atMs: number; readonly value: TenantRisk }>();
  return (tenant, names) => {
    const slot = `${names} ${tenant}`;
    const before = known.get(slot);
    const nowMs = clock.monotonicMs();
    if (before && nowMs - before.atMs < LIMITS.riskLookedAtMs) return before.value;
    const agents: Record<string, { risk: number; level: number }> = Object.create(null);
    for (const { agent, risk, level } of engine.risks(tenant)) {
      const id = names === 'plain' ? named({ tenant, kind: 'agent', id: agent }).id : agent;
      agents[id.toWellFormed()] = { risk: Math.round(risk), level };
    }
    const hash = createHash('sha256').update(JSON.stringify(Object.entries(agents).sort()));
    const value = { version: hash.digest('base64url').slice(0, 22), agents };
    if (known.size >= 2 * LIMITS.tenants) known.clear();
    known.set(slot, { atMs: nowMs, value });
    return value;
  };
}

export interface BulkRiskDependencies {
  readonly riskOf: ReturnType<typeof createTenantRisk>;
  readonly changes: BreakerChanges;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly log: Log;
}

interface RiskQuery {
  readonly Querystring: { readonly tenant?: string | string[] };
}

/**
 * `GET /v1/risk?tenant=`: every agent with a risk or an open breaker, for policy decision points;
 * with `ETag`, and with `Prefer: wait=30` and `If-None-Match` held until something changes.
 */
export function bulkRisk(dependencies: BulkRiskDependencies): FastifyPluginAsync {
  const { riskOf, changes, authenticator, clock, log } = dependencies;
  return async (app) => {
    app.setErrorHandler(answerError(log));
    app.get<RiskQuery>('/v1/risk', async (request, reply) => {
      const principal = admit(request, authenticator);
      const { tenant: named } = request.query;
      if (Array.isArray(named)) throw new TripcoilError('bad_request', 'Name one `tenant`.');
      const tenant = tenantOf(principal, named);
      const names = isBroker(principal) ? 'plain' : 'recorded';
      const gone = new AbortController();
      request.raw.once('close', () => gone.abort());
      const until = clock.monotonicMs() + waitSecondsOf(request.headers) * SECOND_MS;
      let current = riskOf(tenant, names);
      const isKnown = () => request.headers['if-none-match'] === `"${current.version}"`;
      for (;;) {
        const leftMs = until - clock.monotonicMs();
        if (!isKnown() || leftMs <= 0 || gone.signal.aborted || !changes.hasRoom) break;
        await changes.next(tenant, Math.min(leftMs, LIMITS.riskLookedAtMs), gone.signal);
        current = riskOf(tenant, names);
      }
      void reply
        .header('etag', `"${current.version}"`)
        .header('cache-control', 'private, no-cache');
      if (isKnown()) return reply.code(304).send();
      return { tenant, agents: current.agents };
    });
  };
}
