import { TripcoilError } from '../../core/errors.ts';
import { headersOf } from './headers.ts';
import type { GatewayRuling } from './ruling.ts';

/**
 * The few fields of `envoy.service.auth.v3` that matter here, read from and written to protobuf by
 * hand (envoyproxy/envoy, api/envoy/service/auth/v3/external_auth.proto, attribute_context.proto).
 */
export interface AuthorizationRequest {
  readonly method: string | undefined;
  /** By lower-case name, from `headers` or `header_map`; a repeated one joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  /** What the route of the proxy says, and no client can. */
  readonly contextExtensions: ReadonlyMap<string, string>;
}

/** Reads a `CheckRequest`. @throws TripcoilError `bad_request` where it is no protobuf. */
export function decodeAuthorizationRequest(message: Uint8Array): AuthorizationRequest {
  const headers = new Map<string, string>();
  const contextExtensions = new Map<string, string>();
  let method: string | undefined;
  const add = (name: string, value: string): void => {
    const key = name.toLowerCase();
    const known = headers.get(key);
    headers.set(key, known === undefined ? value : `${known},${value}`);
  };
  const readHttp = (http: Uint8Array): void =>
    eachField(http, (field, bytes) => {
      if (field === HTTP_METHOD) method = textOf(bytes);
      else if (field === HTTP_HEADERS) add(...entryOf(bytes));
      else if (field === HTTP_HEADER_MAP) eachField(bytes, (_, each) => add(...rawHeaderOf(each)));
    });
  eachField(message, (field, attributes) => {
    if (field !== REQUEST_ATTRIBUTES) return;
    eachField(attributes, (inner, bytes) => {
      if (inner === ATTRIBUTES_CONTEXT) contextExtensions.set(...entryOf(bytes));
      else if (inner === ATTRIBUTES_REQUEST) {
        eachField(bytes, (member, http) => {
          if (member === REQUEST_HTTP) readHttp(http);
        });
      }
    });
  });
  return { method, headers, contextExtensions };
}

const REQUEST_ATTRIBUTES = 1;
const ATTRIBUTES_REQUEST = 4;
const ATTRIBUTES_CONTEXT = 10;
const REQUEST_HTTP = 2;
const HTTP_METHOD = 2;
const HTTP_HEADERS = 3;
const HTTP_HEADER_MAP = 13;

/** `map<string, string>` is a repeated message of key 1 and value 2. */
function entryOf(bytes: Uint8Array): [string, string] {
  let [key, value] = ['', ''];
  eachField(bytes, (field, text) => {
    if (field === 1) key = textOf(text);
    else if (field === 2) value = textOf(text);
  });
  return [key, value];
}

/** `HeaderValue`: key 1, value 2, or raw_value 3 where the proxy sends raw headers. */
function rawHeaderOf(bytes: Uint8Array): [string, string] {
  let [key, value] = ['', ''];
  eachField(bytes, (field, text) => {
    if (field === 1) key = textOf(text);
    else if (field === 2 || field === 3) value = textOf(text);
  });
  return [key, value];
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Calls back for each length-delimited field; the others are stepped over. */
function eachField(bytes: Uint8Array, read: (field: number, value: Uint8Array) => void): void {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = bytes[at];
      if (byte === undefined) throw malformed();
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed();
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag % 8;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      if (at + length > bytes.length) throw malformed();
      read(Math.floor(tag / 8), bytes.subarray(at, at + length));
      at += length;
    } else throw malformed();
  }
  if (at > bytes.length) throw malformed();
}

function malformed(): TripcoilError {
  return new TripcoilError('bad_request', 'The message is no CheckRequest.');
}

/** Codes of `google.rpc.Status`. */
const OK = 0;
const PERMISSION_DENIED = 7;

/** Writes a `CheckResponse`: the headers go to whoever called the proxy. */
export function encodeAuthorizationResponse(ruling: GatewayRuling): Buffer {
  const headers = headersOf(ruling).map(([key, value]) => {
    const header = Buffer.concat([delimited(1, key), delimited(2, value)]);
    return delimited(1, header);
  });
  if (ruling.status === 200) {
    const toCaller = headers.map((each) => delimited(OK_RESPONSE_HEADERS, each));
    return Buffer.concat([delimited(1, number(1, OK)), delimited(3, Buffer.concat(toCaller))]);
  }
  const denied = Buffer.concat([
    delimited(1, number(1, ruling.status)),
    ...headers.map((each) => delimited(DENIED_HEADERS, each)),
  ]);
  return Buffer.concat([delimited(1, number(1, PERMISSION_DENIED)), delimited(2, denied)]);
}

const DENIED_HEADERS = 2;
const OK_RESPONSE_HEADERS = 6;

function number(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.concat([varintOf(field * 8), varintOf(value)]);
}

function delimited(field: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varintOf(field * 8 + 2), varintOf(bytes.length), bytes]);
}

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
