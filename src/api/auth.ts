import type { FastifyRequest } from 'fastify';
import { TripcoilError } from '../core/errors.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { Principal, Role } from '../ports/ingest.ts';

/** Who may do a thing: any one of these roles. */
export type Access = readonly Role[];

export const READERS: Access = ['viewer', 'operator'];
export const BREAKER_READERS: Access = ['viewer', 'operator', 'broker'];
export const OPERATORS: Access = ['operator'];

/** Settles who calls. @throws TripcoilError `unauthenticated` or `forbidden`. */
export type Guard = (request: FastifyRequest, access: Access) => Principal;

/** Somebody at this machine's own browser or shell: may look, and nothing else. */
const LOCAL_READER: Principal = {
  name: 'unauthenticated-local',
  roles: ['viewer'],
  tenants: '*',
  trust: 'agent',
};

const LOCAL_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;
const LOCAL_ADDRESSES: ReadonlySet<string> = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const FORWARDED = /^(?:forwarded|via|x-forwarded-.+|x-real-ip)$/;

/**
 * Bearer tokens, and on a loopback listener (`localReads`) reading without one. The token decides
 * wherever one is sent: a wrong one is refused even where none is needed.
 */
export function createGuard(options: {
  readonly authenticator: Authenticator;
  readonly localReads: boolean;
}): Guard {
  const { authenticator, localReads } = options;
  return (request, access) => {
    const principal = callerOf(request, authenticator, localReads);
    if (!access.some((role) => principal.roles.includes(role))) {
      throw new TripcoilError('forbidden', `One of these roles is needed: ${access.join(', ')}.`);
    }
    return principal;
  };
}

function callerOf(
  request: FastifyRequest,
  authenticator: Authenticator,
  localReads: boolean,
): Principal {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    const principal = token === undefined ? null : authenticator.authenticate(token);
    if (principal !== null) return principal;
    throw new TripcoilError('unauthenticated', 'The token is not known.');
  }
  if (localReads && isReading(request) && isLocal(request)) return LOCAL_READER;
  throw new TripcoilError('unauthenticated', 'A bearer token is needed.');
}

function isReading(request: FastifyRequest): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

/**
 * Whether the request comes straight from this machine and from no foreign page in its browser: a
 * rebound name shows in Host, a proxy in its headers, a foreign page in Sec-Fetch-Site.
 */
function isLocal(request: FastifyRequest): boolean {
  const { headers, socket } = request.raw;
  if (!LOCAL_HOST.test(headers.host ?? '')) return false;
  if (!LOCAL_ADDRESSES.has(socket.remoteAddress ?? '')) return false;
  if (Object.keys(headers).some((name) => FORWARDED.test(name))) return false;
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}

/** Whether the caller may see rows of `tenant`. */
export function covers(principal: Principal, tenant: string): boolean {
  return principal.tenants === '*' || principal.tenants.includes(tenant);
}

/** @throws TripcoilError `forbidden`, in the same words whether the tenant exists or not. */
export function requireTenant(principal: Principal, tenant: string): void {
  if (covers(principal, tenant)) return;
  throw new TripcoilError('forbidden', 'The credential does not cover this tenant.');
}

/** @throws TripcoilError `forbidden` unless the credential covers every tenant. */
export function requireEveryTenant(principal: Principal): void {
  if (principal.tenants === '*') return;
  throw new TripcoilError('forbidden', 'Only a credential of every tenant may do this.');
}

/** The tenants a list is about: those asked for, as far as the caller may see them. */
export function visibleTenants(
  principal: Principal,
  asked: string | undefined,
): readonly string[] | '*' {
  if (asked === undefined) return principal.tenants;
  return covers(principal, asked) ? [asked] : [];
}
