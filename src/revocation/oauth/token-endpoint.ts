import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '../../core/limits.ts';
import type { StreamClient } from '../ssf/stream-client.ts';
import type { AccessTokens } from './access-tokens.ts';

interface TenantParams {
  readonly Params: { readonly tenant: string };
}

export interface TokenEndpointOptions {
  readonly clients: readonly StreamClient[];
  readonly tokens: AccessTokens;
  readonly issuer: (tenant: string) => string;
}

const SCOPES = ['ssf.read', 'ssf.manage'];

/**
 * An authorisation server of one grant, client credentials (RFC 6749 section 4.4), for receivers
 * of security events, with its metadata (RFC 8414). Each tenant is an issuer of its own.
 */
export function tokenEndpoint(options: TokenEndpointOptions): FastifyPluginAsync {
  const { tokens, issuer } = options;
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      '*',
      { parseAs: 'string', bodyLimit: LIMITS.streamRequestBytes },
      async (_request: FastifyRequest, body: string) => body,
    );
    app.get<TenantParams>('/.well-known/oauth-authorization-server/t/:tenant', async (request) => {
      const iss = issuer(request.params.tenant);
      return {
        issuer: iss,
        token_endpoint: `${iss}/oauth/token`,
        jwks_uri: `${iss}/jwks.json`,
        grant_types_supported: ['client_credentials'],
        response_types_supported: ['none'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        scopes_supported: SCOPES,
      };
    });
    app.post<TenantParams>('/t/:tenant/oauth/token', async (request, reply) => {
      reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' });
      const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
      const grant = form.get('grant_type');
      if (grant === null) return refuse(reply, 'invalid_request');
      if (grant !== 'client_credentials') return refuse(reply, 'unsupported_grant_type');
      const { tenant } = request.params;
      const client = clientOf(options.clients, request, form);
      if (!client || !serves(client, tenant)) return refuseClient(reply);
      const scope = scopeOf(client, form.get('scope'));
      if (scope === null) return refuse(reply, 'invalid_scope');
      const { token, expiresInSeconds } = await tokens.issue(tenant, client.id, scope);
      return {
        access_token: token,
        token_type: 'Bearer',
        expires_in: expiresInSeconds,
        scope,
      };
    });
  };
}

/** Whose credentials these are, by the header or the form (RFC 6749 section 2.3.1), or null. */
function clientOf(
  clients: readonly StreamClient[],
  request: FastifyRequest,
  form: URLSearchParams,
): StreamClient | null {
  const basic = /^Basic +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  const [id, secret] = basic === undefined ? formCredentials(form) : basicCredentials(basic);
  const digest = createHash('sha256').update(secret).digest();
  const client = clients.find((each) => each.id === id && each.secretSha256 !== null);
  // As long as for a client that is known.
  const expected = Buffer.from(client?.secretSha256 ?? '0'.repeat(64), 'hex');
  return timingSafeEqual(digest, expected) && client ? client : null;
}

function formCredentials(form: URLSearchParams): readonly [id: string, secret: string] {
  return [form.get('client_id') ?? '', form.get('client_secret') ?? ''];
}

/** Both halves are form-encoded within the header. */
function basicCredentials(encoded: string): readonly [id: string, secret: string] {
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return ['', ''];
  return [formDecoded(text.slice(0, colon)), formDecoded(text.slice(colon + 1))];
}

function formDecoded(text: string): string {
  return new URLSearchParams(`v=${text.replaceAll('&', '%26')}`).get('v') ?? '';
}

function serves({ tenants }: StreamClient, tenant: string): boolean {
  return tenants === '*' || tenants.includes(tenant);
}

/** The scopes asked for, or all of the client's; null when it may not have one of them. */
function scopeOf({ scopes }: StreamClient, asked: string | null): string | null {
  const named = (asked ?? '').split(' ').filter((scope) => scope !== '');
  if (named.length === 0) return scopes.join(' ');
  const allowed = scopes.includes('ssf.manage') ? SCOPES : scopes;
  return named.every((scope) => allowed.some((each) => each === scope)) ? named.join(' ') : null;
}

function refuse(reply: FastifyReply, error: string): FastifyReply {
  return reply.code(400).send({ error });
}

function refuseClient(reply: FastifyReply): FastifyReply {
  reply.header('www-authenticate', 'Basic realm="tripcoil"');
  return reply.code(401).send({ error: 'invalid_client' });
}
