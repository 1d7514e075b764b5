import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { BreakerChanges } from '../revocation/breaker-changes.ts';
import { createExtAuthzServer } from '../revocation/gateway/ext-authz-server.ts';
import { httpGateway } from '../revocation/gateway/http-gateway.ts';
import type { GatewayDependencies } from '../revocation/gateway/judge.ts';
import { RevokedEpochs } from '../revocation/gateway/revoked-epochs.ts';
import { tokenIntrospection } from '../revocation/introspection/introspection.ts';
import {
  createIntrospectionUpstream,
  type IntrospectionUpstream,
} from '../revocation/introspection/upstream.ts';
import { opaBundles } from '../revocation/opa/opa-bundles.ts';
import { bulkRisk, createTenantRisk } from '../revocation/risk/bulk-risk.ts';
import { AllocationFile } from '../revocation/status-list/allocation-file.ts';
import { tokenStatusList } from '../revocation/status-list/status-list.ts';
import { portProblem } from './listening.ts';
import type { Surroundings } from './surroundings.ts';
import { grpcCredentials } from './tls.ts';

/** What enforcement points ask by themselves, beside the feed and `POST /v1/check`. */
export async function pullSurfaces(app: FastifyInstance, s: Surroundings): Promise<void> {
  const { authenticator, host, keys, issuer } = s;
  const { log, clock, config } = s.options;
  const { breakers: view, forBrokers } = host;
  const views = { view, brokerView: forBrokers.view };
  const changes = new BreakerChanges(forBrokers.view, clock);
  const path = join(config.dataDirectory, 'status-lists.jsonl');
  const file = await AllocationFile.open({ path, clock });
  // Those who wait hold connections open, which closing the server waits for.
  app.addHook('preClose', async () => changes.close());
  app.addHook('onClose', async () => file.close());
  const common = { authenticator, clock, log };
  const gateway = gatewayOf(s);
  await app.register(httpGateway({ ...gateway, ...common }));
  await app.register(
    tokenIntrospection({ ...gateway, ...common, ...views, upstreamOf: upstreams(s) }),
  );
  const listed = { view: forBrokers.view, changes, file, keys, issuer };
  await app.register(tokenStatusList({ ...listed, ...common }));
  const riskOf = createTenantRisk({ engine: host.view, named: forBrokers.keyOf, clock });
  await app.register(opaBundles({ ...views, changes, riskOf, keys, ...common }));
  await app.register(bulkRisk({ riskOf, changes, ...common }));
}

/** Starts the listener for ext_authz over gRPC, where one is configured. */
export async function listenExtAuthz(s: Surroundings, undo: AsyncDisposableStack): Promise<void> {
  const { authenticator } = s;
  const { log, config } = s.options;
  const address = config.revocation.gateway.grpc;
  if (address === null) return;
  const section = 'revocation.gateway.ext_authz_grpc';
  const credentials = await grpcCredentials(s, address.tls, section, undo);
  const secured = credentials && { credentials };
  const server = createExtAuthzServer({ ...gatewayOf(s), authenticator, log, ...secured });
  undo.defer(() => server.close());
  try {
    const port = await server.listen(address.host, address.port);
    log.info('ext_authz listens', { host: address.host, port });
  } catch (error) {
    const code = /\bE[A-Z]{3,}\b/.exec(error instanceof Error ? error.message : '')?.[0] ?? '';
    throw portProblem(error, code, address, section);
  }
}

function gatewayOf({ host, verifier, metrics, options }: Surroundings): GatewayDependencies {
  const { clock, config } = options;
  const { breakers: view, forBrokers } = host;
  const settings = config.revocation.gateway;
  const revoked = new RevokedEpochs(forBrokers.view);
  return { view, brokerView: forBrokers.view, revoked, verifier, settings, clock, metrics };
}

function upstreams({ options }: Surroundings): (tenant: string) => IntrospectionUpstream | null {
  const { clock, log, config } = options;
  const configured = config.revocation.introspection.map(({ tenants, ...upstream }) => ({
    tenants,
    upstream: createIntrospectionUpstream({ ...upstream, clock, log }),
  }));
  return (tenant) =>
    configured.find(({ tenants }) => tenants === '*' || tenants.includes(tenant))?.upstream ?? null;
}
