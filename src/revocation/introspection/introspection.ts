import { parse } from 'node:querystring';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { decodeJwt } from 'jose';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { BreakerView } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { TokenVerifier } from '../../ports/token-verifier.ts';
import { admit, answerError, isBroker, tenantOf } from '../admission.ts';
import { namesOfClaims, namesOfToken } from '../gateway/names.ts';
import type { RevokedEpochs } from '../gateway/revoked-epochs.ts';
import { isStopped } from './stopped.ts';
import type { IntrospectionUpstream } from './upstream.ts';

export interface IntrospectionDependencies {
  /** With ids as recorded, for operators. */
  readonly view: BreakerView;
  /** With ids as brokers know them; the same view unless given. */
  readonly brokerView?: BreakerView;
  readonly revoked: RevokedEpochs;
  readonly verifier: Pick<TokenVerifier, 'verify'>;
  readonly authenticator: Authenticator;
  /** The authorisation server of a tenant; null where configured issuers alone vouch. */
  readonly upstreamOf: (tenant: string) => IntrospectionUpstream | null;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

interface TenantParams {
  readonly Params: { readonly tenant: string };
}

/** What is said of a token that nobody may use, and all that is said (RFC 7662 section 2.2). */
const INACTIVE = { active: false } as const;

/**
 * `POST /t/{tenant}/oauth/introspect`, RFC 7662 in front of an authorisation server: a token whose
 * tenant, agent or any link of its chain, session or `jti` has a breaker open at level 4 or above
 * is not active. Any other is what the upstream says of it, or a configured issuer's signature.
 * Callers authenticate by a bearer token or as client by HTTP Basic (section 2.1).
 */
export function tokenIntrospection(dependencies: IntrospectionDependencies): FastifyPluginAsync {
  const { authenticator, log, metrics } = dependencies;
  return async (app) => {
    app.setErrorHandler(answerError(log));
    app.removeAllContentTypeParsers();
    const parser = { parseAs: 'string', bodyLimit: LIMITS.introspectionBytes } as const;
    app.addContentTypeParser('application/x-www-form-urlencoded', parser, (_request, body, done) =>
      done(null, body),
    );
    app.post<TenantParams>(
      '/t/:tenant/oauth/introspect',
      { bodyLimit: LIMITS.introspectionBytes },
      async (request, reply) => {
        const principal = await client(request, authenticator);
        const tenant = tenantOf(principal, request.params.tenant);
        const token = tokenIn(request.body);
        const { answer, result } = await introspect(dependencies, principal, tenant, token);
        metrics.count('tripcoil_introspections_total', { result });
        return reply.header('cache-control', 'no-store').header('pragma', 'no-cache').send(answer);
      },
    );
  };
}

interface Introspected {
  readonly answer: Readonly<Record<string, unknown>>;
  readonly result: 'active' | 'inactive' | 'stopped' | 'upstream_failed';
}

async function introspect(
  dependencies: IntrospectionDependencies,
  principal: Principal,
  tenant: string,
  token: string,
): Promise<Introspected> {
  const { view, brokerView = view, revoked, clock } = dependencies;
  const own = { view: isBroker(principal) ? brokerView : view, revoked };
  // A stopped token is told without asking anybody, also while the upstream is away.
  if (isStopped(own, tenant, principal.name, namesOfToken(token))) return STOPPED;
  const upstream = dependencies.upstreamOf(tenant);
  const known = await upstream?.introspect(token);
  if (upstream === null || (known?.failed === true && upstream.onFailure === 'open')) {
    const { verifier } = dependencies;
    const { facts } = await verifier.verify(token, clock.now(), [tenant]);
    if (facts.verified !== true) return { answer: INACTIVE, result: 'inactive' };
    const answer = { active: true, ...decodeJwt(token) };
    // An opaque breaker id may stand in claims alone; those were asked about above.
    return { answer, result: known?.failed === true ? 'upstream_failed' : 'active' };
  }
  if (known === undefined || known.failed) return { answer: INACTIVE, result: 'upstream_failed' };
  if (known.claims['active'] !== true) return { answer: INACTIVE, result: 'inactive' };
  // Opaque tokens: who they are for is known from here on.
  const names = namesOfClaims(known.claims);
  if (isStopped(own, tenant, principal.name, names)) return STOPPED;
  return { answer: known.claims, result: 'active' };
}

const STOPPED: Introspected = { answer: INACTIVE, result: 'stopped' };

/** Bearer, or HTTP Basic with the name of the credential and its token (RFC 6749 section 2.3.1). */
async function client(request: FastifyRequest, authenticator: Authenticator): Promise<Principal> {
  const basic = /^Basic +([\w+/=-]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (basic === undefined) return admit(request, authenticator);
  const [name = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':');
  const token = formDecoded(rest.join(':'));
  await authenticator.prepare?.(token);
  const authorization = `Bearer ${token}`;
  const principal = admit({ headers: { authorization } }, authenticator);
  if (principal.name !== formDecoded(name)) {
    throw new TripcoilError('unauthenticated', 'The token is not known.');
  }
  return principal;
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new TripcoilError('unauthenticated', 'The client credentials cannot be decoded.');
  }
}

function tokenIn(body: unknown): string {
  const { token } = parse(typeof body === 'string' ? body : '');
  if (typeof token !== 'string' || token === '') {
    throw new TripcoilError('bad_request', '`token` is required, once.');
  }
  if (token.length > LIMITS.jwtChars)
    throw new TripcoilError('bad_request', '`token` is too long.');
  return token;
}
