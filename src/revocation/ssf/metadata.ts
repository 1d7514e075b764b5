import type { FastifyPluginAsync } from 'fastify';
import { LIMITS } from '../../core/limits.ts';
import type { KeyRing } from '../../ports/key-ring.ts';

interface TenantParams {
  readonly Params: { readonly tenant: string };
}

/**
 * Public metadata of the transmitter, one issuer per tenant (SSF 1.0 section 7). It names what
 * works and nothing more: push delivery and the keys; there is no stream management yet. Any tenant
 * name gets the same answer, so that nobody learns here which tenants exist.
 */
export function ssfMetadata(dependencies: {
  readonly keys: KeyRing;
  readonly issuer: (tenant: string) => string;
}): FastifyPluginAsync {
  const { keys, issuer } = dependencies;
  return async (app) => {
    const schema = {
      params: {
        type: 'object',
        properties: { tenant: { type: 'string', maxLength: LIMITS.identifierChars } },
      },
    };
    app.get<TenantParams>(
      '/.well-known/ssf-configuration/t/:tenant',
      { schema },
      async (request) => ({
        spec_version: '1_0',
        issuer: issuer(request.params.tenant),
        jwks_uri: `${issuer(request.params.tenant)}/jwks.json`,
        delivery_methods_supported: ['urn:ietf:rfc:8935'],
        default_subjects: 'ALL',
      }),
    );
    app.get<TenantParams>('/t/:tenant/jwks.json', { schema }, async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300');
      return keys.jwks();
    });
  };
}
