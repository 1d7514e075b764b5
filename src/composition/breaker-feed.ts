import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { breakerFeed } from '../revocation/feed/breaker-feed.ts';
import { openFeedSigner } from '../revocation/feed/signer.ts';
import type { Surroundings } from './surroundings.ts';

/** Registers the feed that brokers follow, with the key it signs by. */
export async function registerBreakerFeed(app: FastifyInstance, s: Surroundings): Promise<void> {
  const { options, authenticator, metrics, host } = s;
  const { clock, log, config } = options;
  const signer = await openFeedSigner({
    directory: join(config.dataDirectory, 'keys'),
    clock,
    log,
  });
  const { control, drills, breakers: view, forBrokers } = host;
  await app.register(
    breakerFeed({
      view,
      brokerView: forBrokers.view,
      signer,
      control,
      drills,
      authenticator,
      clock,
      metrics,
      log,
    }),
  );
}
