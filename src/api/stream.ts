import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { BreakerView } from '../ports/breakers.ts';
import type { Clock } from '../ports/clock.ts';
import type { EngineView } from '../ports/engine-view.ts';
import type { Principal } from '../ports/ingest.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { covers, type Guard, READERS } from './auth.ts';
import { findingBody, transitionBody } from './bodies.ts';
import type { Status } from './routes/status.ts';

interface Dependencies {
  readonly view: EngineView;
  readonly breakers: BreakerView;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly guard: Guard;
  readonly status: Status;
}

interface Client {
  readonly principal: Principal;
  readonly response: ServerResponse;
}

/**
 * `GET /v1/stream`: findings and breaker steps as they become durable, and the status every
 * `LIMITS.streamStatusMs`, which also proves that the line is alive. A browser that missed
 * something reads the lists again; enforcement points have a feed of their own.
 */
export function mountStream(app: FastifyInstance, dependencies: Dependencies): void {
  const { guard, metrics } = dependencies;
  const clients = new Set<Client>();
  const stopping = new AbortController();
  const unsubscribe = publish(dependencies, clients);
  const statuses = sendStatuses(dependencies, clients, stopping.signal);

  app.get('/v1/stream', { exposeHeadRoute: false }, async (request, reply) => {
    const principal = guard(request, READERS);
    if (clients.size >= LIMITS.streamClients || stopping.signal.aborted) {
      throw new TripcoilError('overloaded', 'Too many watch already.', { retryable: true });
    }
    const client: Client = { principal, response: reply.raw };
    const { 'content-length': _length, ...headers } = reply.getHeaders();
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(headers as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    clients.add(client);
    metrics.gauge('tripcoil_sse_clients', clients.size, { kind: 'ui' });
    reply.raw.once('close', () => {
      clients.delete(client);
      metrics.gauge('tripcoil_sse_clients', clients.size, { kind: 'ui' });
    });
    send(client, 'status', await dependencies.status(principal));
  });

  app.addHook('preClose', async () => {
    stopping.abort();
    unsubscribe();
    for (const { response } of clients) response.end();
    await statuses;
  });
}

function publish(dependencies: Dependencies, clients: ReadonlySet<Client>): () => void {
  const broadcast = (tenant: string | null, event: string, body: unknown): void => {
    for (const client of clients) {
      if (tenant === null || covers(client.principal, tenant)) send(client, event, body);
    }
  };
  const stopFindings = dependencies.view.onFinding((finding) => {
    broadcast(finding.tenant, 'finding', findingBody(finding));
  });
  const stopTransitions = dependencies.breakers.subscribe(({ transition }) => {
    const { key } = transition;
    broadcast(key.kind === 'global' ? null : key.tenant, 'transition', transitionBody(transition));
  });
  return () => {
    stopFindings();
    stopTransitions();
  };
}

async function sendStatuses(
  { clock, log, status }: Dependencies,
  clients: ReadonlySet<Client>,
  stopped: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(LIMITS.streamStatusMs, stopped);
    if (stopped.aborted) return;
    try {
      for (const client of clients) send(client, 'status', await status(client.principal));
    } catch (error) {
      log.error('status could not be sent', { error: error instanceof Error ? error.name : '' });
    }
  }
}

/** A browser that does not read is cut off; it comes back by itself. */
function send({ response }: Client, event: string, body: unknown): void {
  if (response.writableEnded || response.destroyed) return;
  response.write(`event: ${event}\ndata: ${JSON.stringify(body)}\n\n`);
  if (response.writableLength > LIMITS.feedBufferBytes) response.destroy();
}
