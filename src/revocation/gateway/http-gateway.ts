import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { Log } from '../../ports/log.ts';
import { admit, answerError } from '../admission.ts';
import { headersOf } from './headers.ts';
import {
  type GatewayDependencies,
  GatewayJudge,
  type GatewayRequest,
  opOfMethods,
} from './judge.ts';
import type { GatewayRuling } from './ruling.ts';
import type { GatewaySettings } from './settings.ts';

export interface HttpGatewayDependencies extends GatewayDependencies {
  readonly authenticator: Authenticator;
  readonly log: Log;
}

/** Carries the gateway's credential where `Authorization` is left to the agent's token. */
const CREDENTIAL = 'x-tripcoil-authorization';

/**
 * `/v1/check/http` for nginx `auth_request`: everything by headers or by the query, which is the
 * gateway's own; 200, 401 or 403, never a body. `/v1/check/http/…` for ext_authz over HTTP: the
 * path, query and method behind it are those of the request that is asked about; 429 too.
 */
export function httpGateway(dependencies: HttpGatewayDependencies): FastifyPluginAsync {
  const { authenticator, log } = dependencies;
  return async (app) => {
    const judge = new GatewayJudge(dependencies);
    const answer = answerError(log);
    app.setErrorHandler((error: TripcoilError, request, reply) => {
      void reply.header('x-tripcoil-reason', reasonOf(error));
      return answer(error, request, reply);
    });
    // Of an error too a gateway needs the status and the challenge alone.
    app.addHook('onSend', async (_request, reply) => {
      void reply.removeHeader('content-type');
      return '';
    });
    ignoreBodies(app);
    const method = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
    const route = { method, exposeHeadRoute: false };
    const { headers } = dependencies.settings;
    app.route({
      ...{ ...route, url: '/v1/check/http' },
      handler: async (request, reply) => {
        const asked = await identified(request, authenticator);
        const read = readRequest(asked, headers, queryOf(request), []);
        const ruling = await judge.judge(asked.principal, read, 'gateway_http');
        // nginx takes any other status for a fault of ours.
        return send(reply, ruling.status === 429 ? 403 : ruling.status, ruling);
      },
    });
    app.route({
      ...{ ...route, url: '/v1/check/http/*' },
      handler: async (request, reply) => {
        const asked = await identified(request, authenticator);
        const read = readRequest(asked, headers, () => undefined, [request.method]);
        const ruling = await judge.judge(asked.principal, read, 'gateway_http');
        return send(reply, ruling.status, ruling);
      },
    });
  };
}

/** `own` is what the gateway itself says, beside headers that it may have passed on. */
function readRequest(
  { header, token }: Asked,
  headers: GatewaySettings['headers'],
  own: (name: string) => string | undefined,
  methods: readonly string[],
): GatewayRequest {
  return {
    tenant: own('tenant') ?? header(headers.tenant),
    agents: [own('agent'), header(headers.agent)],
    sessions: [own('session'), header(headers.session)],
    jtis: [own('jti'), header(headers.jti)],
    tool: own('tool') ?? header(headers.tool),
    op: own('op') ?? opOfMethods([...methods, header(headers.method)]),
    token: token(headers.token),
  };
}

/** Whatever a proxy sends along is not read as anything. */
function ignoreBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null);
  });
}

interface Asked {
  readonly principal: Principal;
  readonly header: (name: string) => string | undefined;
  readonly token: (name: string) => string | undefined;
}

async function identified(request: FastifyRequest, authenticator: Authenticator): Promise<Asked> {
  const { headers } = request;
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const own = header(CREDENTIAL);
  if (own === undefined) {
    return { principal: admit(request, authenticator), header, token: header };
  }
  const bearer = /^bearer +(\S+) *$/i.exec(own)?.[1];
  if (bearer !== undefined) await authenticator.prepare?.(bearer);
  const principal = admit({ headers: { authorization: own } }, authenticator);
  return { principal, header, token: (name) => header('authorization') ?? header(name) };
}

function queryOf(request: FastifyRequest): (name: string) => string | undefined {
  const query = request.query as Readonly<Record<string, unknown>>;
  return (name) => {
    const value = query[name];
    if (Array.isArray(value)) throw new TripcoilError('bad_request', `Name one \`${name}\`.`);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
}

function send(reply: FastifyReply, status: number, ruling: GatewayRuling): FastifyReply {
  for (const [name, value] of headersOf(ruling)) void reply.header(name, value);
  return reply.code(status).send();
}

function reasonOf(error: Error): string {
  return error instanceof TripcoilError ? error.code : 'internal';
}
