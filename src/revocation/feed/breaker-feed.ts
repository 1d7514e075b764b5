import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { BreakerView } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Control } from '../../ports/control.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { admit, answerError, isBroker, tenantOf } from '../admission.ts';
import { parseAcknowledgement } from './acknowledgement.ts';
import { snapshotBody } from './frames.ts';
import { FeedHub, type FeedPosition } from './hub.ts';

export interface BreakerFeedDependencies {
  /** With ids as recorded, for operators. */
  readonly view: BreakerView;
  /** With ids as brokers know them; the same view unless given. */
  readonly brokerView?: BreakerView;
  readonly control: Pick<Control, 'acknowledge'>;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

interface TenantQuery {
  readonly Querystring: { readonly tenant?: string | string[] };
}

/**
 * The native feed (docs/feed.md): `GET /v1/breakers/feed` streams snapshot, transitions and
 * heartbeats, `GET /v1/breakers/snapshot` gives the same as one document, and
 * `POST /v1/breakers/ack` takes a broker's word that it applied an epoch.
 */
export function breakerFeed(dependencies: BreakerFeedDependencies): FastifyPluginAsync {
  const { view, control, authenticator, clock, metrics, log } = dependencies;
  const { brokerView = view } = dependencies;
  return async (app) => {
    const hub = new FeedHub({ view, brokerView, clock, metrics, log });
    app.addHook('preClose', async () => hub.close());
    app.setErrorHandler(answerError(log));

    app.get<TenantQuery>('/v1/breakers/feed', { exposeHeadRoute: false }, (request, reply) => {
      const principal = admit(request, authenticator);
      const tenant = tenantOf(principal, textOf(request.query.tenant));
      if (!hub.hasRoom()) throw new TripcoilError('overloaded', 'Too many feed subscribers.');
      reply.hijack();
      const response = reply.raw;
      response.shouldKeepAlive = false;
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
        'tripcoil-subscriber': encodeURIComponent(principal.name),
      });
      request.raw.socket.setNoDelay(true);
      const own = isBroker(principal) ? brokerView : view;
      hub.join(response, own, tenant, positionOf(request), principal.name);
    });

    app.get<TenantQuery>('/v1/breakers/snapshot', async (request, reply) => {
      const principal = admit(request, authenticator);
      const tenant = tenantOf(principal, textOf(request.query.tenant));
      const own = isBroker(principal) ? brokerView : view;
      const snapshot = own.snapshot(tenant);
      const names = own === view ? '' : `.b${own.renamings ?? 0}`;
      const etag = `"${snapshot.term}.${snapshot.seq}.${snapshot.posture}${names}"`;
      reply.header('etag', etag).header('cache-control', 'private, no-cache');
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return snapshotBody(snapshot);
    });

    app.post(
      '/v1/breakers/ack',
      { bodyLimit: LIMITS.breakerRequestBytes },
      async (request, reply) => {
        const principal = admit(request, authenticator);
        const { key, term, epoch } = parseAcknowledgement(request.body);
        if (key.kind !== 'global') tenantOf(principal, key.tenant);
        await control.acknowledge({ receiver: principal.name, key, term, epoch });
        const labels = { broker: principal.name, transport: 'sse', result: 'acked' };
        metrics.count('tripcoil_revocations_total', labels);
        return reply.code(204).send();
      },
    );
  };
}

/** `term:seq` of the last event a reconnecting subscriber saw; null when it has none to offer. */
function positionOf(request: FastifyRequest): FeedPosition | null {
  const header = request.headers['last-event-id'];
  const match = /^(\d{1,15}):(\d{1,15})$/.exec(typeof header === 'string' ? header : '');
  return match === null ? null : { term: Number(match[1]), seq: Number(match[2]) };
}

function textOf(value: string | string[] | undefined): string | undefined {
  if (Array.isArray(value)) throw new TripcoilError('bad_request', 'Name one `tenant`.');
  return value;
}
