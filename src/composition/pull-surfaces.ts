import type { FastifyInstance } from 'fastify';
import { createExtAuthzServer } from '../revocation/gateway/ext-authz-server.ts';
import { httpGateway } from '../revocation/gateway/http-gateway.ts';
import type { GatewayDependencies } from '../revocation/gateway/judge.ts';
import { portProblem } from './listening.ts';
import type { Surroundings } from './surroundings.ts';

/** What enforcement points ask by themselves, beside the feed and `POST /v1/check`. */
export async function pullSurfaces(app: FastifyInstance, s: Surroundings): Promise<void> {
  const { authenticator } = s;
  const { log } = s.options;
  await app.register(httpGateway({ ...gatewayOf(s), authenticator, log }));
}

/** Starts the listener for ext_authz over gRPC, where one is configured. */
export async function listenExtAuthz(s: Surroundings, undo: AsyncDisposableStack): Promise<void> {
  const { authenticator } = s;
  const { log, config } = s.options;
  const address = config.revocation.gateway.grpc;
  if (address === null) return;
  const server = createExtAuthzServer({ ...gatewayOf(s), authenticator, log });
  undo.defer(() => server.close());
  try {
    const port = await server.listen(address.host, address.port);
    log.info('ext_authz listens', { host: address.host, port });
  } catch (error) {
    const code = /\bE[A-Z]{3,}\b/.exec(error instanceof Error ? error.message : '')?.[0] ?? '';
    throw portProblem(error, code, address, 'revocation.gateway.ext_authz_grpc');
  }
}

function gatewayOf({ host, verifier, metrics, options }: Surroundings): GatewayDependencies {
  const { clock, config } = options;
  const { breakers: view, forBrokers } = host;
  const settings = config.revocation.gateway;
  return { view, brokerView: forBrokers.view, verifier, settings, clock, metrics };
}
