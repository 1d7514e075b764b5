import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { STREAM_STATUSES } from '../../core/signal-stream.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import type { Log } from '../../ports/log.ts';
import { answerError } from '../admission.ts';
import type { LiveStream } from './live-stream.ts';
import { invalid, objectOf, textOf } from './stream-body.ts';
import type { Transmitter } from './transmitter.ts';

/** A stream as its operator sees it; no secret is shown. */
export interface StreamRow {
  readonly tenant: string;
  readonly stream_id: string;
  readonly receiver: string;
  readonly delivery: 'push' | 'poll';
  readonly endpoint_url: string | null;
  readonly status: string;
  readonly reason: string | null;
  readonly description: string | null;
  readonly events_delivered: readonly string[];
  readonly subjects: number;
  /** How long the oldest order given to it has waited for an answer. */
  readonly ack_lag_seconds: number;
}

/** Streams of all receivers and the key that signs, for operators. */
export function streamOperatorRoutes(options: {
  readonly transmitter: Transmitter;
  readonly authenticator: Authenticator;
  readonly keys: KeyRing;
  readonly log: Log;
}): FastifyPluginAsync {
  const { transmitter, authenticator, keys, log } = options;
  return async (app) => {
    app.setErrorHandler(answerError(log));
    app.get('/v1/streams', async (request) => {
      const { tenants } = operatorOf(request, authenticator);
      const { tenant } = request.query as { readonly tenant?: string };
      const seen = transmitter.all().filter((live) => {
        if (tenant !== undefined && live.tenant !== tenant) return false;
        return tenants === '*' || tenants.includes(live.tenant);
      });
      return { items: seen.map((live) => rowOf(transmitter, live)) };
    });
    app.post('/v1/streams/status', { bodyLimit: LIMITS.streamRequestBytes }, async (request) => {
      const principal = operatorOf(request, authenticator);
      const { status, reason, ...names } = objectOf(request.body);
      const wanted = STREAM_STATUSES.find((each) => each === status);
      if (!wanted) throw invalid('`status` is enabled, paused or disabled');
      const live = namedBy(transmitter, principal, names);
      await transmitter.imposeStatus(live, wanted, textOf(reason, 'reason'));
      return rowOf(transmitter, live);
    });
    app.post('/v1/streams/delete', async (request) => {
      const principal = operatorOf(request, authenticator);
      const live = namedBy(transmitter, principal, objectOf(request.body));
      await transmitter.delete(live);
      return rowOf(transmitter, live);
    });
    app.post('/v1/keys/signing/rotate', async (request) => {
      const { tenants } = operatorOf(request, authenticator);
      if (tenants !== '*') throw new TripcoilError('forbidden', 'The key signs for every tenant.');
      const { at_once } = objectOf(request.body ?? {});
      const { kid, previousKid, usedFrom } = await keys.rotateSigningKey(at_once === true);
      log.info('signing key rotated');
      const used_from = new Date(usedFrom).toISOString();
      return { key_id: kid, previous_key_id: previousKid, used_from };
    });
  };
}

function operatorOf(request: FastifyRequest, authenticator: Authenticator): Principal {
  const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  const principal = token === undefined ? null : authenticator.authenticate(token);
  if (principal === null) throw new TripcoilError('unauthenticated', 'A bearer token is required.');
  if (principal.roles.includes('operator')) return principal;
  throw new TripcoilError('forbidden', 'The role `operator` is required.');
}

function namedBy(
  transmitter: Transmitter,
  { tenants }: Principal,
  names: Readonly<Record<string, unknown>>,
): LiveStream {
  const tenant = textOf(names['tenant'], 'tenant');
  const id = textOf(names['stream_id'], 'stream_id');
  if (tenants === '*' || tenants.includes(tenant)) return transmitter.find(tenant, null, id);
  throw new TripcoilError('forbidden', 'The credential does not cover this tenant.');
}

function rowOf(transmitter: Transmitter, live: LiveStream): StreamRow {
  const { tenant, stream, eventsDelivered, lagMs } = live;
  return {
    tenant,
    stream_id: stream.id,
    receiver: stream.receiver,
    delivery: stream.delivery,
    endpoint_url: transmitter.addressOf(tenant, stream)?.url ?? null,
    status: stream.status,
    reason: stream.statusReason,
    description: stream.description,
    events_delivered: eventsDelivered,
    subjects: stream.subjects.length,
    ack_lag_seconds: lagMs / 1_000,
  };
}
