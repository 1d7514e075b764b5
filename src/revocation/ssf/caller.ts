import type { FastifyRequest } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { AccessTokens } from '../oauth/access-tokens.ts';
import {
  defaultClient,
  type StreamCaller,
  type StreamClient,
  type StreamScope,
} from './stream-client.ts';

export interface CallerOptions {
  readonly authenticator: Authenticator;
  readonly tokens: AccessTokens;
  readonly clients: readonly StreamClient[];
}

/**
 * Who asks about a stream: a client with an access token of ours, or a bearer token of role
 * `broker` or `operator`.
 * @throws TripcoilError `unauthenticated`, `forbidden`; `bad_request` for a token in the address.
 */
export async function callerOf(
  options: CallerOptions,
  request: FastifyRequest,
  tenant: string,
  scope: StreamScope,
): Promise<StreamCaller> {
  const query = request.query as Readonly<Record<string, unknown>>;
  if (query['access_token'] !== undefined) {
    throw new TripcoilError('bad_request', 'an access token is never taken from the address');
  }
  const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) {
    throw new TripcoilError('unauthenticated', 'A bearer token is required.');
  }
  const caller =
    ofOwnToken(options, tenant, token) ?? (await ofAccessToken(options, tenant, token));
  if (caller === null) throw new TripcoilError('unauthenticated', 'The token is not known.');
  const { scopes } = caller;
  if (scopes.includes('ssf.manage') || scopes.includes(scope)) return caller;
  throw new TripcoilError('forbidden', `The scope \`${scope}\` is required.`);
}

/** Somebody who manages breakers is a receiver too. */
function ofOwnToken(
  { authenticator, clients }: CallerOptions,
  tenant: string,
  token: string,
): StreamCaller | null {
  const principal = authenticator.authenticate(token);
  if (principal === null) return null;
  const { name, roles, tenants } = principal;
  const known = clients.find(({ id, secretSha256 }) => id === name && secretSha256 === null);
  const settings = known ?? defaultClient(name);
  const mayManage = roles.includes('broker') || roles.includes('operator');
  const covers = tenants === '*' || tenants.includes(tenant);
  const scopes = mayManage && covers ? settings.scopes : [];
  return { receiver: `token:${name}`, scopes, settings };
}

async function ofAccessToken(
  { tokens, clients }: CallerOptions,
  tenant: string,
  token: string,
): Promise<StreamCaller | null> {
  const verified = await tokens.verify(tenant, token);
  const settings = clients.find(({ id, secretSha256 }) => {
    return id === verified?.client && secretSha256 !== null;
  });
  if (!verified || !settings) return null;
  const granted = verified.scope.split(' ');
  const scopes = (['ssf.read', 'ssf.manage'] as const).filter((each) => granted.includes(each));
  return { receiver: `oauth:${settings.id}`, scopes, settings };
}
