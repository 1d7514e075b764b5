import type { FastifyInstance } from 'fastify';
import { createAccessTokens } from '../revocation/oauth/access-tokens.ts';
import { tokenEndpoint } from '../revocation/oauth/token-endpoint.ts';
import { ssfMetadata } from '../revocation/ssf/metadata.ts';
import { streamOperatorRoutes } from '../revocation/ssf/operator-routes.ts';
import { streamRoutes } from '../revocation/ssf/stream-routes.ts';
import { Transmitter } from '../revocation/ssf/transmitter.ts';
import type { Surroundings } from './surroundings.ts';

/** The transmitter of shared signals with its routes; its streams start and end with the server. */
export async function sharedSignals(app: FastifyInstance, s: Surroundings): Promise<void> {
  const { keys, issuer, metrics, host, authenticator, options } = s;
  const { clock, log, config } = options;
  const { clients, subjectIssuer, narrowedScope, ...reach } = config.revocation.ssf;
  const transmitter = new Transmitter({
    ...{ streams: host.streams, keys, issuer, narrowedScope, reach, clock, metrics, log },
    ...(subjectIssuer === null ? {} : { subjectIssuer }),
  });
  transmitter.start();
  app.addHook('preClose', () => transmitter.close());
  const tokens = createAccessTokens({ keys, issuer, clock });
  const legacySse = clients.some((client) => client.legacySse);
  await app.register(ssfMetadata({ keys, issuer, legacySse }));
  await app.register(tokenEndpoint({ clients, tokens, issuer }));
  await app.register(streamRoutes({ transmitter, authenticator, tokens, clients, clock, log }));
  await app.register(streamOperatorRoutes({ transmitter, authenticator, keys, log }));
}
