import type { FastifyInstance } from 'fastify';
import Fastify from 'fastify';
import type { Principal, ReceivedBatch } from '../../ports/ingest.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { nativeReceiver } from '../audit/plugin.ts';
import { BodyReader } from '../body.ts';
import type { ReceiverOptions } from '../http-answer.ts';
import { otlpReceiver } from '../otlp/plugin.ts';

/** An ingest that remembers, and fails on demand. */
export interface Fixture {
  readonly app: FastifyInstance;
  readonly batches: ReceivedBatch[];
  readonly counts: Map<string, number>;
  overloaded: boolean;
  failure: Error | null;
  /** What the receivers were given, for one more. */
  readonly options: ReceiverOptions;
}

const PRINCIPALS: Readonly<Record<string, Principal>> = {
  good: { name: 'broker', roles: ['ingest'], tenants: ['acme'], trust: 'broker' },
  viewer: { name: 'person', roles: ['viewer'], tenants: ['acme'], trust: 'broker' },
};

/** Both receivers on one server, beside a route of somebody else. */
export async function createFixture(bodyBytes?: number): Promise<Fixture> {
  const app = Fastify();
  const counts = new Map<string, number>();
  const batches: ReceivedBatch[] = [];
  const options: ReceiverOptions = {
    ingest: {
      submit: async (batch: ReceivedBatch) => {
        if (fixture.failure !== null) throw fixture.failure;
        batches.push(batch);
        return { accepted: batch.events.length, duplicates: 0, rejects: [] };
      },
      refusal: () => (fixture.overloaded ? 'over_share' : null),
      turn: async () => {},
    },
    authenticator: { authenticate: (token: string) => PRINCIPALS[token] ?? null },
    metrics: {
      count: (name: string, labels = {}, by = 1) => {
        const key = `${name} ${Object.values(labels).join(' ')}`;
        counts.set(key, (counts.get(key) ?? 0) + by);
      },
      gauge() {},
      observe() {},
    },
    log: SILENT_LOG,
    bodies: new BodyReader(bodyBytes === undefined ? {} : { bodyBytes }),
  };
  const fixture: Fixture = { app, batches, counts, overloaded: false, failure: null, options };
  app.post('/elsewhere', (request) => ({ got: request.body }));
  await app.register(otlpReceiver(options));
  await app.register(nativeReceiver(options));
  return fixture;
}
