import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { SECOND_MS } from '../../core/time.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { BreakerView } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Control } from '../../ports/control.ts';
import type { Drills } from '../../ports/drills.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { admit, answerError, isBroker, tenantOf } from '../admission.ts';
import { drillOf, parseAcknowledgements } from './acknowledgement.ts';
import { AcknowledgementQueue } from './acknowledgement-queue.ts';
import type { FeedForm, FeedPosition } from './channel.ts';
import { snapshotBody } from './frames.ts';
import { FeedHub, type FeedReading } from './hub.ts';
import type { FeedSigner } from './signer.ts';

export interface BreakerFeedDependencies {
  /** With ids as recorded, for operators. */
  readonly view: BreakerView;
  /** With ids as brokers know them; the same view unless given. */
  readonly brokerView?: BreakerView;
  /** Without one, nothing signed is offered. */
  readonly signer?: FeedSigner;
  readonly control: Pick<Control, 'acknowledge'>;
  /** Without it brokers are told of no drill. */
  readonly drills?: Pick<Drills, 'onDrill' | 'acknowledge'>;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

interface FeedQuery {
  readonly Querystring: {
    readonly tenant?: string | string[];
    readonly signed?: string | string[];
    readonly after?: string | string[];
    readonly wait?: string | string[];
  };
}

type Asked = FastifyRequest<FeedQuery>;

/** Media type of a compact JWS (RFC 7515 section 9.2.1). */
const JOSE = 'application/jose';

/**
 * The native feed (docs/feed.md): `GET /v1/breakers/feed` streams snapshot, transitions and
 * heartbeats; `…/snapshot` gives the same as one document; `…/changes` answers polls, long ones
 * too; `…/jwks.json` has the keys that sign all three; `POST …/ack` takes a broker's word that it
 * applied epochs.
 */
export function breakerFeed(dependencies: BreakerFeedDependencies): FastifyPluginAsync {
  const { view, brokerView = view, signer = null, clock, metrics, log } = dependencies;
  return async (app) => {
    const hub = new FeedHub({ view, brokerView, signer, clock, metrics, log });
    const forget = dependencies.drills?.onDrill((tenant, drill) => hub.drill(tenant, drill));
    app.addHook('preClose', async () => {
      forget?.();
      hub.close();
    });
    app.setErrorHandler(answerError(log));
    stream(app, dependencies, hub);
    documents(app, dependencies, hub);
    acknowledgements(app, dependencies, hub);
    rotation(app, dependencies);
  };
}

function stream(app: FastifyInstance, dependencies: BreakerFeedDependencies, hub: FeedHub): void {
  app.get<FeedQuery>('/v1/breakers/feed', { exposeHeadRoute: false }, (request, reply) => {
    const reading = readingOf(dependencies, request, positionOf(request.headers['last-event-id']));
    if (!hub.hasRoom()) throw new TripcoilError('overloaded', 'Too many feed subscribers.');
    reply.hijack();
    const response = reply.raw;
    response.shouldKeepAlive = false;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'tripcoil-subscriber': encodeURIComponent(reading.broker),
    });
    request.raw.socket.setNoDelay(true);
    hub.join(response, reading);
  });
}

function documents(
  app: FastifyInstance,
  dependencies: BreakerFeedDependencies,
  hub: FeedHub,
): void {
  const { view, signer } = dependencies;
  app.get<FeedQuery>('/v1/breakers/snapshot', async (request, reply) => {
    const { view: own, tenant, form } = readingOf(dependencies, request, null);
    const snapshot = own.snapshot(tenant);
    const names = own === view ? '' : `.b${own.renamings ?? 0}`;
    const kind = form === 'signed' ? '.jws' : '';
    const etag = `"${snapshot.term}.${snapshot.seq}.${snapshot.posture}${names}${kind}"`;
    reply.headers({ etag, 'cache-control': 'private, no-cache', vary: 'accept' });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    const body = snapshotBody(snapshot);
    return answer(reply, form, body, () => signer?.sign('snapshot', { ...body }));
  });

  app.get<FeedQuery>('/v1/breakers/changes', async (request, reply) => {
    const { after, wait } = request.query;
    const reading = readingOf(dependencies, request, positionOf(textOf(after)));
    if (!hub.hasRoom()) throw new TripcoilError('overloaded', 'Too many feed subscribers.');
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    reply.headers({ 'tripcoil-subscriber': encodeURIComponent(reading.broker), vary: 'accept' });
    const body = await hub.changes(reading, waitMsOf(textOf(wait)), gone.signal);
    return answer(reply, reading.form, body, () => signer?.sign('changes', { ...body }));
  });

  // Public keys, for whoever verifies; no credential, like those of SSF.
  app.get('/v1/breakers/jwks.json', async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=300');
    return signer?.jwks ?? { keys: [] };
  });
}

/** A new key to sign with; brokers that fetch keys go on without a break. */
function rotation(
  app: FastifyInstance,
  { signer, authenticator, log }: BreakerFeedDependencies,
): void {
  app.post('/v1/keys/feed/rotate', async (request) => {
    const { roles, tenants } = admit(request, authenticator);
    if (!roles.includes('operator')) {
      throw new TripcoilError('forbidden', 'The role `operator` is required.');
    }
    if (tenants !== '*') throw new TripcoilError('forbidden', 'The key signs for every tenant.');
    if (!signer) throw new TripcoilError('not_found', 'This daemon does not sign its feed.');
    const { kid, previousKid } = await signer.rotate();
    log.info('feed key rotated');
    return { key_id: kid, previous_key_id: previousKid };
  });
}

function acknowledgements(
  app: FastifyInstance,
  dependencies: BreakerFeedDependencies,
  hub: FeedHub,
): void {
  const { control, authenticator, metrics, clock } = dependencies;
  const queue = new AcknowledgementQueue(control, clock, () => hub.isTelling());
  const bodyLimit = LIMITS.feedAcknowledgementBytes;
  app.post('/v1/breakers/ack', { bodyLimit }, async (request, reply) => {
    const principal = admit(request, authenticator);
    const drill = drillOf(request.body);
    if (drill !== null) {
      tenantOf(principal, drill.tenant);
      dependencies.drills?.acknowledge(drill.tenant, drill.id, principal.name);
      return reply.code(204).send();
    }
    const words = parseAcknowledgements(request.body);
    for (const { key } of words) if (key.kind !== 'global') tenantOf(principal, key.tenant);
    await queue.take(words.map((word) => ({ receiver: principal.name, ...word })));
    const labels = { broker: principal.name, transport: 'sse', result: 'acked' };
    metrics.count('tripcoil_revocations_total', labels, words.length);
    return reply.code(204).send();
  });
}

function readingOf(
  { view, brokerView = view, signer, authenticator }: BreakerFeedDependencies,
  request: Asked,
  position: FeedPosition | null,
): FeedReading {
  const principal = admit(request, authenticator);
  const tenant = tenantOf(principal, textOf(request.query.tenant));
  const form = formOf(request);
  if (form === 'signed' && signer === undefined) {
    throw new TripcoilError('not_found', 'This daemon does not sign its feed.');
  }
  const own = isBroker(principal) ? brokerView : view;
  return { view: own, tenant, form, position, broker: principal.name };
}

function formOf({ query, headers }: Asked): FeedForm {
  const isAsked = query.signed !== undefined && query.signed !== '0';
  return isAsked || (headers.accept ?? '').includes(JOSE) ? 'signed' : 'plain';
}

function answer(
  reply: FastifyReply,
  form: FeedForm,
  body: object,
  sign: () => string | undefined,
): object | string {
  if (form === 'plain') return body;
  reply.type(JOSE);
  return sign() ?? '';
}

/** `term:seq` of the last that a broker saw; null when it has none to offer. */
function positionOf(text: unknown): FeedPosition | null {
  const match = /^(\d{1,15}):(\d{1,15})$/.exec(typeof text === 'string' ? text : '');
  return match === null ? null : { term: Number(match[1]), seq: Number(match[2]) };
}

/** Seconds to wait for a change, as milliseconds; none unless asked for. */
function waitMsOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^\d{1,3}(\.\d{1,3})?$/.test(text)) {
    throw new TripcoilError('bad_request', '`wait` must be a number of seconds.');
  }
  return Math.min(Number(text) * SECOND_MS, LIMITS.feedPollWaitMs);
}

function textOf(value: string | string[] | undefined): string | undefined {
  if (Array.isArray(value)) throw new TripcoilError('bad_request', 'Name each parameter once.');
  return value;
}
