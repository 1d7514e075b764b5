import { lookup } from 'node:dns';
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

export interface PostRequest {
  /** `POST` unless given; for targets whose own interface asks for another. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** How much of the answer is read; `LIMITS.deliveryAnswerBytes` unless given. */
  readonly answerBytes?: number;
}

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The first bytes of the answer, as many as were asked for. */
  readonly text: string;
}

/**
 * Sends one request, a POST unless it says otherwise. Rejects when no answer came; never follows a
 * redirect.
 */
export type Post = (request: PostRequest) => Promise<PostAnswer>;

/** Where a configured URL may lead. */
export interface Reach {
  /** Loopback addresses, and plain `http` to them: for tests, demos and sidecars. */
  readonly allowLoopback?: boolean;
  /** Private networks, over `https` alone. */
  readonly allowPrivate?: boolean;
}

/**
 * A POST that cannot be talked into the inside of a network: `https` only, and the address is
 * judged inside the lookup of the very connection, so that a name which changes its mind between
 * check and use (DNS rebinding) gains nothing.
 */
export function createGuardedPost(reach: Reach): Post {
  const connect = guardedConnections(reach);
  return ({ url, headers, body, signal, method = 'POST', answerBytes }) =>
    new Promise((resolve, reject) => {
      const refusal = refusalOf(url, reach);
      if (refusal !== null) return reject(new Error(refusal));
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const length = String(Buffer.byteLength(body));
      const request: ClientRequest = send(url, {
        method,
        headers: {
          ...headers,
          ...(body !== '' || method === 'POST' ? { 'content-length': length } : {}),
        },
        ...connect(url),
        signal,
      });
      const most = answerBytes ?? LIMITS.deliveryAnswerBytes;
      request.on('error', reject);
      request.on('response', (response) => readAnswer(response, most).then(resolve, reject));
      request.end(body);
    });
}

/** Why an address in a URL could never be posted to; null when it may, or is a name to look up. */
export function addressProblem(url: URL, reach: Reach): string | null {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0 || mayReach(host, reach)) return null;
  if (isLoopback(host)) return 'points at this machine: set allow_loopback: true if it is meant to';
  return mayReach(host, { ...reach, allowPrivate: true })
    ? 'points into a private network: set allow_private: true if it is meant to'
    : 'points at an address that no receiver has: link-local, reserved, multicast or unspecified';
}

/**
 * How to connect to a URL. Connections are kept open for those of one reach alone: the lookup
 * judges new ones only, so that one opened by somebody of wider reach would let others through.
 */
export function guardedConnections(
  reach: Reach,
): (url: URL) => { readonly agent: HttpAgent | HttpsAgent; readonly lookup: LookupFunction } {
  const lookupOfReach = guardedLookup(reach);
  const plain = new HttpAgent({ keepAlive: true, timeout: LIMITS.guardedIdleMs });
  const secure = new HttpsAgent({ keepAlive: true, timeout: LIMITS.guardedIdleMs });
  return ({ protocol }) => ({
    agent: protocol === 'https:' ? secure : plain,
    lookup: lookupOfReach,
  });
}

/** Looks a name up for one connection, and refuses it where one may not go. */
export function guardedLookup(reach: Reach): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const refused = addresses.find(({ address }) => !mayReach(address, reach));
      const first = addresses[0];
      if (refused || !first) return callback(new Error('address_refused'), '', 0);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** @throws TripcoilError `config_invalid` for a URL that could never be posted to. */
export function checkedUrl(text: string, reach: Reach): URL {
  if (!URL.canParse(text)) throw new TripcoilError('config_invalid', 'The URL cannot be parsed.');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw new TripcoilError('config_invalid', 'A URL must not carry credentials.');
  }
  const refusal = refusalOf(url, reach);
  if (refusal !== null) {
    throw new TripcoilError('config_invalid', `The URL is not allowed: ${refusal}.`);
  }
  return url;
}

/** Why a URL may not be asked at all, or null. */
export function refusalOf(url: URL, reach: Reach): string | null {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const literal = isIP(host) !== 0;
  if (literal && !mayReach(host, reach)) return 'address_refused';
  const loopback = host === 'localhost' || (literal && isLoopback(host));
  if (url.protocol === 'https:') return null;
  if (url.protocol === 'http:' && reach.allowLoopback === true && loopback) return null;
  return 'https_required';
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
PRIVATE.addSubnet('fc00::', 7, 'ipv6');

/** Never a receiver: link-local (cloud metadata), this host, documentation, multicast, reserved. */
const FORBIDDEN = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['198.18.0.0', 15],
  ['192.88.99.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  FORBIDDEN.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  FORBIDDEN.addSubnet(network, prefix, 'ipv6');
}

/** Where clouds answer for metadata or their own agents, inside networks that are else allowed. */
for (const address of ['100.100.100.200', '168.63.129.16']) FORBIDDEN.addAddress(address, 'ipv4');
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');

/** Whether a connection to this IP address is wanted. */
export function mayReach(address: string, reach: Reach): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0) return false;
  if (isLoopback(address)) return reach.allowLoopback === true;
  if (FORBIDDEN.check(address, family)) return false;
  return !PRIVATE.check(address, family) || reach.allowPrivate === true;
}

function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

async function readAnswer(response: IncomingMessage, most: number): Promise<PostAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > most) break;
  }
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'] ?? null,
    text: Buffer.concat(chunks).subarray(0, most).toString('utf8'),
  };
}
