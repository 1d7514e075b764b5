import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { STREAM_STATUSES } from '../../core/signal-stream.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { answerError } from '../admission.ts';
import { type CallerOptions, callerOf } from './caller.ts';
import type { LiveStream } from './live-stream.ts';
import { pollStream } from './poll.ts';
import { invalid, objectOf, textOf } from './stream-body.ts';
import type { StreamCaller, StreamScope } from './stream-client.ts';
import { isSubject } from './subject.ts';
import type { Transmitter } from './transmitter.ts';

export interface StreamRouteOptions extends CallerOptions {
  readonly transmitter: Transmitter;
  readonly clock: Clock;
  readonly log: Log;
}

/** One request, by somebody who may. */
interface Asked {
  readonly tenant: string;
  readonly caller: StreamCaller;
  /** The JSON that was sent. @throws TripcoilError `bad_request` when it is none. */
  readonly json: () => unknown;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly request: FastifyRequest;
}

type Handler = (asked: Asked, reply: FastifyReply) => Promise<unknown>;

/**
 * Stream management, verification and polling (SSF 1.0 section 8, RFC 8936). Whoever may not is
 * told so before anything of the request is read: 401, 403, 400 and 404 in this order.
 */
export function streamRoutes(options: StreamRouteOptions): FastifyPluginAsync {
  const { transmitter, log } = options;
  return async (app) => {
    app.setErrorHandler(answerError(log));
    app.removeAllContentTypeParsers();
    const parsing = { parseAs: 'string', bodyLimit: LIMITS.streamRequestBytes } as const;
    // Read as JSON only once it is known who asks.
    app.addContentTypeParser('*', parsing, async (_request: FastifyRequest, body: string) => body);
    const route = routesOf(app, options);
    configurationRoutes(route, transmitter);
    statusRoutes(route, transmitter);
    subjectRoutes(route, transmitter);
    verificationRoute(route, options);
    route('POST', '/ssf/streams/:id/poll', 'ssf.read', (asked, reply) => {
      return pollStream(asked.json, () => named(transmitter, asked, idOf(asked)), {
        ...{ reply, request: asked.request, clock: options.clock },
      });
    });
  };
}

type Route = (method: string, path: string, scope: StreamScope, handler: Handler) => void;

function routesOf(app: FastifyInstance, options: StreamRouteOptions): Route {
  const callers = new WeakMap<FastifyRequest, StreamCaller>();
  const tenantOf = (request: FastifyRequest) => (request.params as { tenant: string }).tenant;
  return (method, path, scope, handler) => {
    app.route({
      method: method as 'GET',
      url: `/t/:tenant${path}`,
      // Before the body is read.
      onRequest: async (request) => {
        callers.set(request, await callerOf(options, request, tenantOf(request), scope));
      },
      handler: async (request, reply) => {
        reply.header('cache-control', 'no-store');
        const caller = callers.get(request);
        if (!caller) throw new TripcoilError('unauthenticated', 'A bearer token is required.');
        const json = () => parsed(request.body);
        const query = request.query as Asked['query'];
        const asked = { tenant: tenantOf(request), caller, json, query, request };
        return handler(asked, reply);
      },
    });
  };
}

function configurationRoutes(route: Route, transmitter: Transmitter): void {
  const bodyOf = (live: LiveStream, { caller }: Asked) =>
    transmitter.bodyOf(live, caller.settings.legacySse);
  route('POST', '/ssf/streams', 'ssf.manage', async (asked, reply) => {
    const live = await transmitter.create(asked.tenant, asked.caller, asked.json());
    return reply.code(201).send(bodyOf(live, asked));
  });
  route('GET', '/ssf/streams', 'ssf.read', async (asked) => {
    const { query, tenant, caller } = asked;
    const id = query['stream_id'];
    if (id !== undefined) return bodyOf(named(transmitter, asked, id), asked);
    return transmitter.list(tenant, caller.receiver).map((live) => bodyOf(live, asked));
  });
  for (const [method, whole] of [
    ['PATCH', false],
    ['PUT', true],
  ] as const) {
    route(method, '/ssf/streams', 'ssf.manage', async (asked) => {
      return bodyOf(
        await transmitter.update(asked.tenant, asked.caller, asked.json(), whole),
        asked,
      );
    });
  }
  route('DELETE', '/ssf/streams', 'ssf.manage', async (asked, reply) => {
    await transmitter.delete(named(transmitter, asked, asked.query['stream_id']));
    return reply.code(204).send();
  });
}

function statusRoutes(route: Route, transmitter: Transmitter): void {
  route('GET', '/ssf/status', 'ssf.read', async (asked) => {
    return statusBody(named(transmitter, asked, asked.query['stream_id']));
  });
  route('POST', '/ssf/status', 'ssf.manage', async (asked) => {
    const { stream_id, status, reason } = objectOf(asked.json());
    const wanted = STREAM_STATUSES.find((each) => each === status);
    if (!wanted) throw invalid('`status` is enabled, paused or disabled');
    const words = reason === undefined || reason === null ? null : textOf(reason, 'reason');
    const live = named(transmitter, asked, stream_id);
    await transmitter.setStatus(live, wanted, words);
    return statusBody(live);
  });
}

function subjectRoutes(route: Route, transmitter: Transmitter): void {
  const say = (path: string, included: boolean): void =>
    route('POST', path, 'ssf.manage', async (asked, reply) => {
      const { stream_id, subject } = objectOf(asked.json());
      if (!isSubject(subject)) throw invalid('`subject` is no subject identifier');
      await transmitter.setSubject(named(transmitter, asked, stream_id), subject, included);
      // Nobody learns here whether a subject exists.
      if (included) return reply.code(200).send();
      return reply.code(asked.caller.settings.verifyStatus === 200 ? 200 : 204).send();
    });
  say('/ssf/subjects::add', true);
  say('/ssf/subjects::remove', false);
}

function verificationRoute(route: Route, { transmitter, clock }: StreamRouteOptions): void {
  route('POST', '/ssf/verify', 'ssf.manage', async (asked, reply) => {
    const { stream_id, state } = objectOf(asked.json());
    const words = state === undefined || state === null ? undefined : textOf(state, 'state');
    const live = named(transmitter, asked, stream_id);
    const waitMs = LIMITS.streamVerificationMs - (clock.monotonicMs() - live.verifiedAtMs);
    if (waitMs > 0) {
      reply.header('retry-after', String(Math.ceil(waitMs / 1_000)));
      const message = 'verifications come faster than min_verification_interval';
      return reply.code(429).send({ code: 'overloaded', message, request_id: asked.request.id });
    }
    live.verifiedAtMs = clock.monotonicMs();
    void live.verifyAsked(words);
    return reply.code(asked.caller.settings.verifyStatus).send();
  });
}

function statusBody({ stream }: LiveStream): object {
  const { id, status, statusReason } = stream;
  return { stream_id: id, status, ...(statusReason === null ? {} : { reason: statusReason }) };
}

/**
 * The stream that a request names; the only one of a receiver from before SSF 1.0, which names
 * none. @throws TripcoilError `bad_request` or `not_found`.
 */
function named(transmitter: Transmitter, { tenant, caller }: Asked, id: unknown): LiveStream {
  if (id === undefined && caller.settings.legacySse) {
    const [only, ...more] = transmitter.list(tenant, caller.receiver);
    if (only && more.length === 0) return only;
  }
  if (id === undefined) throw invalid('`stream_id` is required');
  return transmitter.find(tenant, caller.receiver, textOf(id, 'stream_id'));
}

function idOf({ request }: Asked): string {
  return (request.params as { readonly id: string }).id;
}

function parsed(body: unknown): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : '');
  } catch {
    throw invalid('The body is not valid JSON.');
  }
}
