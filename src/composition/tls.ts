import type { Server } from 'node:https';
import { experimental, type ServerCredentials } from '@grpc/grpc-js';
import type { FastifyInstance } from 'fastify';
import { ListenerCertificates, serverOptionsOf } from '../api/listener-certificates.ts';
import { createHttpServer } from '../api/server.ts';
import type { ListenerTlsConfig } from '../config/listeners.ts';
import type { Surroundings } from './surroundings.ts';

/** The HTTP server of one listener, with TLS where the configuration has it. */
export async function listenerServer(
  { options, authenticator, metrics }: Surroundings,
  tls: ListenerTlsConfig | undefined,
  section: string,
): Promise<FastifyInstance> {
  const { clock, log } = options;
  const common = { clock, log, metrics, authenticator };
  if (tls === undefined) return createHttpServer(common);
  const certificates = await ListenerCertificates.open({ files: tls, section, clock, log });
  const app = createHttpServer({ ...common, tls: certificates.serverOptions });
  certificates.onChange((content) => {
    (app.server as unknown as Server).setSecureContext(serverOptionsOf(content));
  });
  app.addHook('onClose', async () => certificates.close());
  return app;
}

/** What a gRPC listener serves with; undefined for plain text. */
export async function grpcCredentials(
  { options }: Surroundings,
  tls: ListenerTlsConfig | undefined,
  section: string,
  undo: AsyncDisposableStack,
): Promise<ServerCredentials | undefined> {
  if (tls === undefined) return undefined;
  const { clock, log } = options;
  const certificates = await ListenerCertificates.open({ files: tls, section, clock, log });
  undo.defer(() => certificates.close());
  const provider = providerOf(certificates);
  const hasClients = tls.clientCaFile !== null;
  return experimental.createCertificateProviderServerCredentials(
    provider,
    hasClients ? provider : null,
    hasClients,
  );
}

type Provider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0];

/** Tells listeners what is there, and what comes. */
function providerOf(certificates: ListenerCertificates): Provider {
  const identities = new Set<Parameters<Provider['addIdentityCertificateListener']>[0]>();
  const authorities = new Set<Parameters<Provider['addCaCertificateListener']>[0]>();
  const identity = () => {
    const { cert, key } = certificates.present;
    return { certificate: cert, privateKey: key };
  };
  const authority = () => {
    const { ca } = certificates.present;
    return ca === null ? null : { caCertificate: ca };
  };
  certificates.onChange(() => {
    for (const tell of authorities) tell(authority());
    for (const tell of identities) tell(identity());
  });
  return {
    addIdentityCertificateListener: (tell) => {
      identities.add(tell);
      // As the library's own provider does: not before the caller has finished.
      process.nextTick(tell, identity());
    },
    removeIdentityCertificateListener: (tell) => void identities.delete(tell),
    addCaCertificateListener: (tell) => {
      authorities.add(tell);
      process.nextTick(tell, authority());
    },
    removeCaCertificateListener: (tell) => void authorities.delete(tell),
  };
}
