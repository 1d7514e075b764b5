import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../core/errors.ts';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reject } from '../core/reject.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { Ingest, Principal, Refusal, Role } from '../ports/ingest.ts';
import type { IngestNotes } from '../ports/ingest-notes.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { BodyReader } from './body.ts';

/** What every receiver that listens on HTTP is given. */
export interface ReceiverOptions {
  readonly ingest: Ingest;
  readonly authenticator: Authenticator;
  readonly metrics: Metrics;
  /** Hears why records came to nothing; nobody unless given. */
  readonly notes?: IngestNotes;
  readonly log: Log;
  /** Shared between receivers, so that together they keep to one memory budget. */
  readonly bodies: BodyReader;
}

const STATUS_BY_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  payload_too_large: 413,
  unsupported_media_type: 415,
  over_share: 429,
  overloaded: 503,
  storage_unavailable: 503,
};

/** An error as its HTTP status. Anything that may pass is 503 and never 500, which loses data. */
export function statusOf(error: unknown): number {
  if (!(error instanceof TripcoilError)) return 500;
  return STATUS_BY_CODE[error.code] ?? (error.retryable ? 503 : 500);
}

/** What is said of an error: its message when it is ours, nothing of any other. */
export function publicError(error: unknown): {
  readonly code: ErrorCode;
  readonly message: string;
} {
  if (error instanceof TripcoilError) return { code: error.code, message: error.message };
  return { code: 'internal', message: 'a fault of ours; see the log' };
}

/** Headers that belong to a status: when to come back, how to authenticate. */
export function setErrorHeaders(reply: FastifyReply, status: number): void {
  const sent = reply.request.headers.authorization !== undefined;
  if (status === 429 || status === 503) {
    reply.header('retry-after', String(LIMITS.retryAfterSeconds));
  } else if (status === 401) {
    // RFC 6750 section 3.1: without a credential there is no error to tell.
    const error = sent ? ', error="invalid_token"' : '';
    reply.header('www-authenticate', `Bearer realm="tripcoil"${error}`);
  } else if (status === 403) {
    reply.header('www-authenticate', 'Bearer realm="tripcoil", error="insufficient_scope"');
  } else if (status === 413) {
    // What is still being sent would otherwise be taken for the next request.
    reply.header('connection', 'close');
  }
}

/**
 * The caller behind a request.
 * @throws TripcoilError `unauthenticated` or, without the role, `forbidden`.
 */
export function authenticate(
  request: FastifyRequest,
  authenticator: Authenticator,
  role: Role = 'ingest',
): Principal {
  return authenticateBearer(request.headers.authorization, authenticator, role);
}

/** The token of an `authorization` header; undefined where there is none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/** The same for the `authorization` header or metadata of any transport. */
export function authenticateBearer(
  authorization: string | undefined,
  authenticator: Authenticator,
  role: Role = 'ingest',
): Principal {
  const token = bearerToken(authorization);
  const principal = token === undefined ? null : authenticator.authenticate(token);
  if (principal === null) {
    throw new TripcoilError('unauthenticated', 'a known bearer token is required');
  }
  if (!principal.roles.includes(role)) {
    throw new TripcoilError('forbidden', `the credential lacks the role ${role}`);
  }
  return principal;
}

/** @throws TripcoilError `over_share` or `overloaded`, before a body is read in vain. */
export function refuseWhenOverloaded(ingest: Ingest, sender: Principal): void {
  const refusal = ingest.refusal(sender);
  if (refusal !== null) throw new TripcoilError(refusal, REFUSALS[refusal], { retryable: true });
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  over_share: 'this tenant has its share of the queue; retry later',
  overloaded: 'the queue is full; retry later',
};

/** Counts records refused by their receiver; the ingest counts what it refuses itself. */
export function countRejects(metrics: Metrics, source: string, rejects: readonly Reject[]): void {
  if (rejects.length === 0) return;
  metrics.count('tripcoil_ingest_events_total', { source, result: 'invalid' }, rejects.length);
  for (const { code } of rejects) metrics.count('tripcoil_ingest_rejects_total', { source, code });
}

/** Hands every body to the handler as it comes; in the plugin's own scope only. */
export function takeRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(null);
  });
}

/** Methods answered with 405 where only POST is served. */
export const OTHER_METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
