import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { FindingBody } from '../../src/api/contract.ts';
import { FIXTURE_CHAIN, fixtureChain, fixtureFindings } from './fixture-findings.ts';
import { emptyStatus, fixtureAgents, fixtureBreakers, fixtureStatus } from './fixture-fleet.ts';

/** The header the daemon serves the page with; the page must work under exactly this. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
  "require-trusted-types-for 'script'";

/** `calm` has agents and no trips; `slow` never answers, so that the loading state can be seen. */
export type Scenario = 'data' | 'calm' | 'empty' | 'error' | 'slow';

export interface FixtureServer {
  readonly baseUrl: string;
  /** Sends one event to every open stream. */
  send(event: string, body: unknown): void;
  /** Cuts every stream and refuses new ones until called with `true`. */
  setStream(open: boolean): void;
  close(): Promise<void>;
}

/** Serves dist/ui and canned answers typed by the contract. */
export async function startFixtureServer(scenario: Scenario): Promise<FixtureServer> {
  const app = Fastify({ forceCloseConnections: true });
  const now = Date.now();
  const streams = new Set<Readable>();
  let streaming = true;
  app.addHook('onSend', async (_, reply) => {
    reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
  });
  await app.register(fastifyStatic, {
    root: fileURLToPath(new URL('../../dist/ui', import.meta.url)),
  });
  addAnswers(app, scenario, now);
  app.get('/v1/stream', (_, reply) => {
    if (!streaming || scenario === 'error') return fail(reply);
    const stream = new Readable({ read() {} });
    streams.add(stream);
    stream.push(': hello\n\n');
    stream.once('close', () => streams.delete(stream));
    return reply.type('text/event-stream').send(stream);
  });
  const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    baseUrl,
    send(event, body) {
      const frame = `event: ${event}\ndata: ${JSON.stringify(body)}\n\n`;
      for (const stream of streams) stream.push(frame);
    },
    setStream(open) {
      streaming = open;
      if (!open) for (const stream of streams) stream.push(null);
    },
    close: async () => {
      for (const stream of streams) stream.destroy();
      await app.close();
    },
  };
}

function fail(reply: FastifyReply) {
  return reply.code(503).send({
    code: 'storage_unavailable',
    message: 'The store does not answer.',
    request_id: 'req-7f',
  });
}

function addAnswers(app: FastifyInstance, scenario: Scenario, now: number): void {
  const page = (items: readonly unknown[]) => ({ items, next: null });
  const answer = (path: string, body: (request: { query: unknown }) => unknown): void => {
    app.get(path, (request, reply) => {
      if (scenario === 'slow') return new Promise(() => undefined);
      return scenario === 'error' ? fail(reply) : reply.send(body(request));
    });
  };
  const isFull = scenario === 'data' || scenario === 'calm';
  answer('/v1/status', () => (isFull ? fixtureStatus(now) : emptyStatus(now)));
  answer('/v1/agents', () => page(isFull ? fixtureAgents(now) : []));
  answer('/v1/breakers', () => page(scenario === 'data' ? fixtureBreakers(now) : []));
  answer('/v1/findings', (request) => {
    const { agent, tenant } = request.query as { agent?: string; tenant?: string };
    const fits = (finding: FindingBody): boolean =>
      (agent === undefined || finding.agent === agent) &&
      (tenant === undefined || finding.tenant === tenant);
    return page(scenario === 'data' ? fixtureFindings(now).filter(fits) : []);
  });
  answer('/v1/agents/:tenant/:agent/activity', (request) =>
    page(isFull ? activity(request.query as { since: string; bucket: string }, now) : []),
  );
  app.get('/v1/chains/:id', (request, reply) => {
    if (scenario === 'slow') return new Promise(() => undefined);
    if (scenario === 'error') return fail(reply);
    const { id } = request.params as { id: string };
    if (scenario === 'data' && id === FIXTURE_CHAIN) return reply.send(fixtureChain(now));
    return reply.code(404).send({ code: 'not_found', message: 'No chain by that id.' });
  });
}

/** A day's rhythm, with the spike in the newest bucket. */
function activity(query: { since: string; bucket: string }, now: number): readonly unknown[] {
  const bucketMs = Number(query.bucket);
  const since = Math.ceil(Date.parse(query.since) / bucketMs) * bucketMs;
  const buckets: { time: string; calls: number; records: number }[] = [];
  for (let time = since; time <= now; time += bucketMs) {
    const hour = (time / 3_600_000) % 24;
    const daily = Math.max(0, Math.sin(((hour - 6) / 14) * Math.PI));
    const wobble = 0.75 + 0.5 * Math.abs(Math.sin(time / 777_777));
    const calls = Math.round(daily * wobble * (bucketMs / 45_000));
    const last = time + bucketMs > now;
    if (calls > 0 || last) {
      buckets.push({
        time: new Date(time).toISOString(),
        calls: calls + (last ? 60 : 0),
        records: calls * 6 + (last ? 4812 : 0),
      });
    }
  }
  return buckets;
}
