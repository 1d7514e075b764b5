import { Metadata, status } from '@grpc/grpc-js';
import type { ErrorCode } from '../../../core/errors.ts';
import { TripcoilError } from '../../../core/errors.ts';
import { LIMITS } from '../../../core/limits.ts';
import { publicError } from '../../http-answer.ts';
import { badRequest, retryInfo, statusMessage } from '../response.ts';

/** How a call ends, in the form that both handlers and interceptors of grpc-js take. */
export interface CallStatus {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/**
 * An error as the status of a call. What may pass is UNAVAILABLE with a RetryInfo, a tenant over
 * its share RESOURCE_EXHAUSTED with one; a message that is too large is RESOURCE_EXHAUSTED without
 * one, which tells the client not to send it again
 * (OTLP specification 1.11, "OTLP/gRPC Response").
 */
export function statusOfError(error: unknown): CallStatus {
  const { code: name, message } = publicError(error);
  const retryable = error instanceof TripcoilError && error.retryable;
  const fallback = retryable ? status.UNAVAILABLE : status.INTERNAL;
  const code = STATUS_BY_CODE[name] ?? fallback;
  const metadata = new Metadata();
  const details = retryable
    ? [retryInfo(LIMITS.retryAfterSeconds)]
    : code === status.INVALID_ARGUMENT
      ? [badRequest(message)]
      : [];
  if (details.length > 0) {
    metadata.set('grpc-status-details-bin', statusMessage(code, message, details));
  }
  return { code, details: message, metadata };
}

const STATUS_BY_CODE: Readonly<Partial<Record<ErrorCode, status>>> = {
  bad_request: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  over_share: status.RESOURCE_EXHAUSTED,
  payload_too_large: status.RESOURCE_EXHAUSTED,
  unsupported_media_type: status.UNIMPLEMENTED,
};
