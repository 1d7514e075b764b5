import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { Principal } from '../ports/ingest.ts';
import type { Log } from '../ports/log.ts';

/** The caller of a broker route: somebody of role `broker` or `operator`. */
export function admit(
  request: Pick<FastifyRequest, 'headers'>,
  authenticator: Authenticator,
): Principal {
  const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  const principal = token === undefined ? null : authenticator.authenticate(token);
  if (principal === null) {
    const message = token === undefined ? 'A bearer token is required.' : 'The token is not known.';
    throw new TripcoilError('unauthenticated', message);
  }
  if (!principal.roles.includes('broker') && !principal.roles.includes('operator')) {
    throw new TripcoilError('forbidden', 'The role `broker` is required.');
  }
  return principal;
}

/** Whether the caller is told ids as brokers know them; an operator is shown what is on record. */
export function isBroker(principal: Principal): boolean {
  return principal.roles.includes('broker');
}

/**
 * The tenant a request is about: the one it names, if the credential covers it, or the only one
 * the credential covers. The credential decides, never the payload (design invariant 1).
 */
export function tenantOf(principal: Principal, named: string | undefined): string {
  if (named !== undefined && named !== '') {
    if (named.length > LIMITS.identifierChars) {
      throw new TripcoilError('bad_request', '`tenant` is too long.');
    }
    if (principal.tenants === '*' || principal.tenants.includes(named)) return named;
    throw new TripcoilError('forbidden', 'The credential does not cover this tenant.');
  }
  const only = onlyTenant(principal);
  if (only === null) {
    throw new TripcoilError('bad_request', '`tenant` is required: the credential covers several.');
  }
  return only;
}

/** The single tenant of a credential; null when it covers several. */
export function onlyTenant(principal: Principal): string | null {
  if (principal.tenants === '*' || principal.tenants.length !== 1) return null;
  return principal.tenants[0] ?? null;
}

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  overloaded: 503,
  storage_unavailable: 503,
};

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'bad_request',
  404: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
};

/** Answers an error as `ErrorBody`. Nothing of the request is repeated. */
export function answerError(log: Log) {
  return (error: FastifyError | TripcoilError, request: FastifyRequest, reply: FastifyReply) => {
    const code = codeOf(error);
    const status = STATUS[code] ?? 500;
    if (status === 500) log.error('broker request failed', { request: request.id });
    const sent = request.headers.authorization !== undefined;
    if (code === 'unauthenticated' || code === 'forbidden') {
      reply.header('www-authenticate', challengeOf(code, sent));
    }
    if (status === 503) reply.header('retry-after', String(LIMITS.retryAfterSeconds));
    const message = error instanceof TripcoilError ? error.message : MESSAGES[code];
    return reply
      .code(status)
      .type('application/json; charset=utf-8')
      .send({ code, message: message ?? 'A fault of ours.', request_id: request.id });
  };
}

/** `WWW-Authenticate` (RFC 6750 section 3): without a credential there is no error to tell. */
function challengeOf(code: 'unauthenticated' | 'forbidden', sent: boolean): string {
  const realm = 'Bearer realm="tripcoil"';
  if (!sent) return realm;
  return `${realm}, error="${code === 'forbidden' ? 'insufficient_scope' : 'invalid_token'}"`;
}

/** For errors of the framework, whose own messages may quote the request. */
const MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  bad_request: 'The body is not valid JSON.',
  payload_too_large: 'The body is too large.',
  unsupported_media_type: 'The content type must be application/json.',
};

function codeOf(error: FastifyError | TripcoilError): ErrorCode {
  if (error instanceof TripcoilError) return error.code;
  return CODE_OF_STATUS[error.statusCode ?? 500] ?? 'internal';
}
