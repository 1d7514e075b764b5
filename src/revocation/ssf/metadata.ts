import type { FastifyPluginAsync } from 'fastify';
import { LIMITS } from '../../core/limits.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import { LEGACY_PUSH_METHOD, POLL_METHOD, PUSH_METHOD } from './stream-body.ts';

interface TenantParams {
  readonly Params: { readonly tenant: string };
}

/**
 * Public metadata of the transmitter, one issuer per tenant (SSF 1.0 section 7). Any tenant name
 * gets the same answer, so that nobody learns here which tenants exist.
 */
export function ssfMetadata(dependencies: {
  readonly keys: KeyRing;
  readonly issuer: (tenant: string) => string;
  /** Whether receivers from before SSF 1.0 find us too. */
  readonly legacySse: boolean;
}): FastifyPluginAsync {
  const { keys, issuer, legacySse } = dependencies;
  return async (app) => {
    const schema = {
      params: {
        type: 'object',
        properties: { tenant: { type: 'string', maxLength: LIMITS.identifierChars } },
      },
    };
    app.get<TenantParams>('/.well-known/ssf-configuration/t/:tenant', { schema }, async (request) =>
      configuration(issuer(request.params.tenant), [PUSH_METHOD, POLL_METHOD]),
    );
    if (legacySse) {
      app.get<TenantParams>(
        '/.well-known/sse-configuration/t/:tenant',
        { schema },
        async (request) => configuration(issuer(request.params.tenant), [LEGACY_PUSH_METHOD]),
      );
    }
    app.get<TenantParams>('/t/:tenant/jwks.json', { schema }, async (_request, reply) => {
      reply.header('cache-control', `public, max-age=${LIMITS.keySetMaxAgeMs / 1_000}`);
      return keys.jwks();
    });
  };
}

function configuration(issuer: string, methods: readonly string[]): object {
  return {
    spec_version: '1_0',
    issuer,
    jwks_uri: `${issuer}/jwks.json`,
    delivery_methods_supported: methods,
    configuration_endpoint: `${issuer}/ssf/streams`,
    status_endpoint: `${issuer}/ssf/status`,
    add_subject_endpoint: `${issuer}/ssf/subjects:add`,
    remove_subject_endpoint: `${issuer}/ssf/subjects:remove`,
    verification_endpoint: `${issuer}/ssf/verify`,
    authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
    default_subjects: 'ALL',
  };
}
