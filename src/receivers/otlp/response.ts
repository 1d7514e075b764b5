import type { OtlpEncoding } from './record.ts';

/** How many records were refused and why, in words. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

/** Media type of each encoding, for requests and responses. */
export const MEDIA_TYPES: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/**
 * The body of an Export*ServiceResponse. All signals number their fields alike; in JSON the
 * count is `rejectedSpans` or `rejectedLogRecords`. Without rejects `partial_success` stays unset,
 * as the specification asks.
 */
export function exportResponse(
  encoding: OtlpEncoding,
  countName: 'rejectedSpans' | 'rejectedLogRecords' | 'rejectedDataPoints' | 'rejectedProfiles',
  partial: PartialSuccess | null,
): Buffer {
  if (encoding === 'json') {
    if (partial === null) return Buffer.from('{}');
    const partialSuccess = { [countName]: String(partial.rejected), errorMessage: partial.message };
    return Buffer.from(JSON.stringify({ partialSuccess }));
  }
  if (partial === null) return Buffer.alloc(0);
  const inner = [...varintField(1, partial.rejected), ...textField(2, partial.message)];
  return Buffer.from([...lengthPrefix(1, inner.length), ...inner]);
}

/**
 * A google.rpc.Status; `status` is the HTTP status it goes with. Undecodable data carries a
 * BadRequest, as the specification asks.
 */
export function rpcStatus(encoding: OtlpEncoding, status: number, message: string): Buffer {
  const code = RPC_CODES.get(status) ?? 2;
  if (encoding === 'protobuf') {
    return statusMessage(code, message, status === 400 ? [badRequest(message)] : []);
  }
  const violation = { field: 'body', description: message };
  const details = [{ '@type': BAD_REQUEST, fieldViolations: [violation] }];
  return Buffer.from(JSON.stringify({ code, message, ...(status === 400 && { details }) }));
}

/** A google.rpc.Status in protobuf; `details` are encoded google.protobuf.Any messages. */
export function statusMessage(
  code: number,
  message: string,
  details: readonly Buffer[] = [],
): Buffer {
  const packed = details.flatMap((any) => [...lengthPrefix(3, any.length), ...any]);
  return Buffer.from([...varintField(1, code), ...textField(2, message), ...packed]);
}

/** A google.rpc.RetryInfo as an Any. */
export function retryInfo(afterSeconds: number): Buffer {
  const duration = varintField(1, afterSeconds);
  return anyOf(RETRY_INFO, [...lengthPrefix(1, duration.length), ...duration]);
}

/** A google.rpc.BadRequest about the whole body as an Any. */
export function badRequest(description: string): Buffer {
  const violation = [...textField(1, 'body'), ...textField(2, description)];
  return anyOf(BAD_REQUEST, [...lengthPrefix(1, violation.length), ...violation]);
}

const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

function anyOf(type: string, value: readonly number[]): Buffer {
  return Buffer.from([...textField(1, type), ...lengthPrefix(2, value.length), ...value]);
}

/** Numbers of google.rpc.Code. */
const RPC_CODES: ReadonlyMap<number, number> = new Map([
  [400, 3],
  [401, 16],
  [403, 7],
  [404, 5],
  [405, 12],
  [413, 3],
  [415, 3],
  [429, 8],
  [500, 13],
  [503, 14],
]);

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}

function varintField(number: number, value: number): number[] {
  return [number << 3, ...varint(value)];
}

function lengthPrefix(number: number, length: number): number[] {
  return [(number << 3) | 2, ...varint(length)];
}

function textField(number: number, text: string): number[] {
  const bytes = Buffer.from(text, 'utf8');
  return [...lengthPrefix(number, bytes.length), ...bytes];
}
