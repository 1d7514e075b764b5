import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Log } from '../ports/log.ts';
import type { ErrorBody } from './contract.ts';
import { RequestProblem } from './problem.ts';

const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  approval_required: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  over_share: 429,
  overloaded: 429,
  storage_unavailable: 503,
  bus_unavailable: 503,
  config_invalid: 400,
  ledger_corrupt: 503,
  ledger_locked: 503,
  internal: 500,
};

const CODE_OF: Readonly<Record<number, ErrorCode>> = {
  404: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'overloaded',
};

const FRAMEWORK_MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  bad_request: 'The request cannot be parsed.',
  payload_too_large: 'The body exceeds the limit.',
  unsupported_media_type: 'The content type is not accepted here.',
};

/** Answers every error as an `ErrorBody`; faults of ours are logged by name and place alone. */
export function errorAnswer(log: Log) {
  return (error: FastifyError | TripcoilError, request: FastifyRequest, reply: FastifyReply) => {
    const code = codeOf(error);
    if (code === 'internal') {
      log.error('request failed', {
        request_id: request.id,
        route: request.routeOptions.url,
        error: error.name,
        at: error.stack
          ?.split('\n')
          .find((line) => line.startsWith('    at '))
          ?.trim(),
      });
    }
    const challenge = challengeOf(code, request.headers.authorization !== undefined);
    if (challenge !== null) reply.header('www-authenticate', challenge);
    if (error instanceof TripcoilError && error.retryable) {
      reply.header('retry-after', LIMITS.retryAfterSeconds);
    }
    return reply.code(STATUS_OF[code]).send(bodyOf(code, error, request.id));
  };
}

/** `WWW-Authenticate` (RFC 6750 section 3): without a credential there is no error to tell. */
function challengeOf(code: ErrorCode, sent: boolean): string | null {
  const realm = 'Bearer realm="tripcoil"';
  if (code === 'unauthenticated') return sent ? `${realm}, error="invalid_token"` : realm;
  return code === 'forbidden' && sent ? `${realm}, error="insufficient_scope"` : null;
}

/** Answers what no route matches. */
export function missingAnswer(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body: ErrorBody = {
    code: 'not_found',
    message: 'No such address, or not by this method.',
    request_id: request.id,
  };
  return reply.code(404).send(body);
}

function codeOf(error: FastifyError | TripcoilError): ErrorCode {
  if (error instanceof TripcoilError) return error.code;
  const status = error.statusCode ?? 500;
  if (status >= 500) return 'internal';
  return CODE_OF[status] ?? 'bad_request';
}

function bodyOf(code: ErrorCode, error: Error, requestId: string): ErrorBody {
  const problems = error instanceof RequestProblem ? error.problems : [];
  const path = problems[0]?.path;
  return {
    code,
    message: messageOf(code, error),
    ...(path === undefined ? {} : { path }),
    request_id: requestId,
    ...(problems.length > 1 ? { problems } : {}),
  };
}

/** The framework's own messages quote the body they could not read. */
function messageOf(code: ErrorCode, error: Error): string {
  if (code === 'internal') return 'A fault of ours; the request id finds it in the log.';
  if (error instanceof TripcoilError) return error.message;
  return FRAMEWORK_MESSAGES[code] ?? 'The request cannot be served.';
}
