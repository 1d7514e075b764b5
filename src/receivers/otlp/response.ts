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
 * The body of an Export*ServiceResponse. All three signals number their fields alike; in JSON the
 * count is `rejectedSpans` or `rejectedLogRecords`. Without rejects `partial_success` stays unset,
 * as the specification asks.
 */
export function exportResponse(
  encoding: OtlpEncoding,
  countName: 'rejectedSpans' | 'rejectedLogRecords' | 'rejectedDataPoints',
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

/** A google.rpc.Status; `status` is the HTTP status it goes with. */
export function rpcStatus(encoding: OtlpEncoding, status: number, message: string): Buffer {
  const code = RPC_CODES.get(status) ?? 2;
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }));
  return Buffer.from([...varintField(1, code), ...textField(2, message)]);
}

/** Numbers of google.rpc.Code. */
const RPC_CODES: ReadonlyMap<number, number> = new Map([
  [400, 3],
  [401, 16],
  [403, 7],
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
