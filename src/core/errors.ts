/** Every operating error, documented in docs/errors.md; a test keeps both in step. */
export const ERROR_CODES = {
  bad_request: 'The request cannot be understood; the message names the field.',
  unauthenticated: 'No credential, or one that is not known.',
  forbidden: 'The credential lacks the role or the tenant.',
  not_found: 'Nothing by that id, or not visible to this credential.',
  conflict: 'The thing has moved on since it was read; read it again.',
  approval_required:
    'The order takes two persons; ask for approval, and let somebody else give it.',
  payload_too_large: 'The body exceeds the limit, before or after decompression.',
  unsupported_media_type: 'The content type or encoding is not accepted here.',
  over_share: 'This tenant has its share of the queues under way; retry after the stated time.',
  overloaded: 'A queue is full; retry after the stated time.',
  storage_unavailable: 'The ledger cannot be written; nothing is acknowledged until it can.',
  bus_unavailable: 'The message bus cannot be reached or refuses; it is tried again.',
  config_invalid: 'The configuration has problems, all of which are listed.',
  ledger_corrupt: 'The ledger does not verify; the message names the entry.',
  ledger_locked: 'Another process writes this ledger.',
  internal: 'A fault of ours; the request id finds it in the log.',
} as const;
export type ErrorCode = keyof typeof ERROR_CODES;

/** An operating error. `retryable` says whether the same request may succeed later. */
export class TripcoilError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options?: { retryable?: boolean; cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TripcoilError';
    this.code = code;
    this.retryable = options?.retryable ?? false;
  }
}

/** Makes a switch over a union exhaustive at compile time. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/** A bug, not bad input: stops the shard. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
