import { randomUUID } from 'node:crypto';
import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { LIMITS } from '../core/limits.ts';
import { SECOND_MS } from '../core/time.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { errorAnswer, missingAnswer } from './error-answer.ts';
import type { TlsServerOptions } from './listener-certificates.ts';

/**
 * The HTTP server that every plugin is registered on: request ids, headers, errors as `ErrorBody`,
 * durations and spans for all of them. It believes no proxy header, so that `localReads` may
 * believe the socket.
 */
export function createHttpServer(options: {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Verifies signed credentials before any handler asks who calls. */
  readonly authenticator?: Authenticator;
  /** Plain HTTP without. */
  readonly tls?: TlsServerOptions;
}): FastifyInstance {
  const { clock, log, metrics, tls } = options;
  const app: FastifyInstance = fastify({
    ...(tls && { https: tls }),
    logger: false,
    trustProxy: false,
    bodyLimit: LIMITS.bodyBytes,
    genReqId: () => randomUUID(),
    // A character may take nine bytes of path.
    routerOptions: { maxParamLength: LIMITS.chainIdChars * 9 },
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    // An address that cannot be decoded; the framework's own answer repeats it.
    frameworkErrors: errorAnswer(log),
  });
  app.setErrorHandler(errorAnswer(log));
  app.setNotFoundHandler(missingAnswer);
  // The hooks of every request take callbacks: a promise each would cost a tenth of the answers.
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    });
    done();
  });
  observeRequests(app, clock, metrics);
  prepareCredentials(app, options.authenticator);
  releaseConnections(app);
  return app;
}

/** In bounded time, and not at all where every token is static. */
function prepareCredentials(app: FastifyInstance, authenticator: Authenticator | undefined): void {
  const { prepare } = authenticator ?? {};
  if (prepare === undefined) return;
  app.addHook('onRequest', async ({ headers: { authorization } }) => {
    const token = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (token !== undefined) await prepare(token);
  });
}

/** Closing ends idle connections at once; one that is busy then must not be waited for for ever. */
function releaseConnections(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) reply.header('connection', 'close');
    done();
  });
  app.addHook('onResponse', (_request, _reply, done) => {
    if (closing) setImmediate(() => app.server.closeIdleConnections());
    done();
  });
}

function observeRequests(app: FastifyInstance, clock: Clock, metrics: Metrics): void {
  const running = new WeakMap<FastifyRequest, { startMs: number; span: Span }>();
  const tracer = trace.getTracer('tripcoil');
  app.addHook('onRequest', (request, _reply, done) => {
    const name = `${request.method} ${routeOf(request)}`;
    const span = tracer.startSpan(name, {
      kind: SpanKind.SERVER,
      attributes: { 'http.request.method': request.method, 'http.route': routeOf(request) },
    });
    running.set(request, { startMs: clock.monotonicMs(), span });
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const found = running.get(request);
    if (found === undefined) return done();
    metrics.observe(
      'tripcoil_http_request_duration_seconds',
      (clock.monotonicMs() - found.startMs) / SECOND_MS,
      { route: routeOf(request), code_class: `${Math.floor(reply.statusCode / 100)}xx` },
    );
    found.span.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) found.span.setStatus({ code: SpanStatusCode.ERROR });
    found.span.end();
    done();
  });
}

/** The template, never the address: addresses hold ids. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unmatched';
}
