import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type {
  ActivityBody,
  ChainSummaryBody,
  FindingBody,
  PersonalFindingBody,
} from '../../src/api/contract.ts';
import type { FeedbackAnswerBody, FeedbackBody } from '../../src/api/detector-contract.ts';
import { CONTENT_SECURITY_POLICY } from '../../src/api/ui.ts';
import { answerBreakerOrders } from './fixture-breakers.ts';
import { fixtureChains } from './fixture-chains.ts';
import { fixtureDetectors } from './fixture-detectors.ts';
import { FIXTURE_CHAIN, fixtureChain, fixtureFindings } from './fixture-findings.ts';
import { emptyStatus, fixtureAgents, fixtureBreakers, fixtureStatus } from './fixture-fleet.ts';
import { fixturePersonalFindings } from './fixture-personal.ts';
import { answerReviews } from './fixture-reviews.ts';
import { emptyIngestStatus, fixtureIngestStatus } from './fixture-sources.ts';

/** `calm` has agents and no trips; `slow` never answers; `locked` wants a token. */
export type Scenario = 'data' | 'calm' | 'empty' | 'error' | 'slow' | 'locked';

/** What `locked` wants to see before it answers as `data` does. */
export const FIXTURE_TOKEN = 'viewer-of-the-fixture';

/** What giving feedback wants to see. */
export const FIXTURE_OPERATOR_TOKEN = 'operator-of-the-fixture';

export interface FixtureServer {
  readonly baseUrl: string;
  /** Sends one event to every open stream. */
  send(event: string, body: unknown): void;
  /** Cuts every stream and refuses new ones until called with `true`. */
  setStream(open: boolean): void;
  /** From now on answers as `data` does. */
  heal(): void;
  close(): Promise<void>;
}

/** Serves dist/ui and canned answers typed by the contract. */
export async function startFixtureServer(first: Scenario): Promise<FixtureServer> {
  let scenario = first;
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
  app.addHook('onRequest', async (request, reply) => {
    if (scenario !== 'locked' || !request.url.startsWith('/v1/')) return;
    if (request.headers.authorization === `Bearer ${FIXTURE_TOKEN}`) return;
    await reply.code(401).send({ code: 'unauthenticated', message: 'A bearer token is needed.' });
  });
  addAnswers(app, () => (scenario === 'locked' ? 'data' : scenario), now);
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
    heal() {
      scenario = 'data';
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

function addAnswers(app: FastifyInstance, scenario: () => Scenario, now: number): void {
  const page = (items: readonly unknown[]) => ({ items, next: null });
  const isFull = (): boolean => ['data', 'calm'].includes(scenario());
  const answer = (path: string, body: (request: FastifyRequest) => unknown): void => {
    app.get(path, (request, reply) => {
      if (scenario() === 'slow') return new Promise(() => undefined);
      if (scenario() === 'error') return fail(reply);
      const found = body(request);
      if (found !== null) return reply.send(found);
      return reply.code(404).send({ code: 'not_found', message: 'Nothing by that id.' });
    });
  };
  answer('/v1/status', () => (isFull() ? fixtureStatus(now) : emptyStatus(now)));
  answer('/v1/ingest/status', () => (isFull() ? fixtureIngestStatus(now) : emptyIngestStatus(now)));
  answer('/v1/agents', ({ query }) => {
    const { tenant } = query as { tenant?: string };
    const agents = isFull() ? fixtureAgents(now) : [];
    return page(agents.filter((agent) => tenant === undefined || agent.tenant === tenant));
  });
  answer('/v1/agents/:tenant/:agent', ({ params }) => {
    const { tenant, agent } = params as { tenant: string; agent: string };
    const agents = isFull() ? fixtureAgents(now) : [];
    return agents.find((one) => one.tenant === tenant && one.agent === agent) ?? null;
  });
  answer('/v1/breakers', ({ query }) => {
    const { tenant } = query as { tenant?: string };
    const open = scenario() === 'data' ? fixtureBreakers(now) : [];
    return page(open.filter(({ key }) => tenant === undefined || key.tenant === tenant));
  });
  answer('/v1/findings', ({ query }) => {
    const asked = query as Readonly<Record<string, string | undefined>>;
    const fits = (finding: FindingBody): boolean =>
      (['agent', 'tenant', 'detector', 'id'] as const).every(
        (name) => asked[name] === undefined || finding[name] === asked[name],
      );
    const found = scenario() === 'data' ? fixtureFindings(now).filter(fits) : [];
    return page(
      found.map((one) => {
        const feedback = said.get(one.id) ?? one.feedback;
        return feedback === undefined ? one : { ...one, feedback };
      }),
    );
  });
  takeHistoryOrders(app, now);
  const said = takeFeedback(app, now);
  answer('/v1/detectors', ({ query }) => {
    const { tenant } = query as { tenant?: string };
    const all = isFull() ? fixtureDetectors() : [];
    return page(all.filter((one) => tenant === undefined || one.tenant === tenant));
  });
  answerBreakerOrders(app, answer, {
    isFull: () => scenario() === 'data',
    isOperator,
    breakers: () => (scenario() === 'data' ? fixtureBreakers(now) : []),
    now,
  });
  answerReviews(app, answer, { isFull: () => scenario() === 'data', isOperator, now });
  answer('/v1/pii/findings', ({ query }) => {
    const { agent, tenant, type } = query as Readonly<Record<string, string | undefined>>;
    const fits = (row: PersonalFindingBody): boolean =>
      (agent === undefined || row.agent === agent) &&
      (tenant === undefined || row.tenant === tenant) &&
      (type === undefined || row.type === type);
    return page(scenario() === 'data' ? fixturePersonalFindings(now).filter(fits) : []);
  });
  answer('/v1/agents/:tenant/:agent/activity', ({ query }) =>
    isFull() ? activity(query as { since: string; bucket: string }, now) : null,
  );
  answer('/v1/chains', ({ query }) => {
    const { agent, tenant, gap, verdict } = query as Readonly<Record<string, string | undefined>>;
    const fits = (chain: ChainSummaryBody): boolean =>
      (agent === undefined || chain.agents.includes(agent)) &&
      (tenant === undefined || chain.tenant === tenant) &&
      (gap === undefined || (gap === 'any' ? chain.gaps.length > 0 : chain.gaps.includes(gap))) &&
      (verdict === undefined || chain.verdicts.includes(verdict));
    return page(scenario() === 'data' ? fixtureChains(now).filter(fits) : []);
  });
  app.get('/v1/export', ({ query }, reply) => {
    const { format } = query as { format: string };
    const suffix = format === 'csv' ? 'csv' : 'zip';
    reply.header('content-disposition', `attachment; filename="evidence.${suffix}"`);
    return reply.type('application/octet-stream').send(Buffer.from(JSON.stringify(query)));
  });
  answer('/v1/chains/:id', ({ params }) => {
    const { id } = params as { id: string };
    return scenario() === 'data' && id === FIXTURE_CHAIN ? fixtureChain(now) : null;
  });
}

/** Answers whoever is none. */
function isOperator(request: FastifyRequest, reply: FastifyReply): boolean {
  const { authorization } = request.headers;
  if (authorization === `Bearer ${FIXTURE_OPERATOR_TOKEN}`) return true;
  const isKnown = authorization === `Bearer ${FIXTURE_TOKEN}`;
  const code = isKnown ? 'forbidden' : 'unauthenticated';
  reply.code(isKnown ? 403 : 401).send({ code, message: 'An operator is needed.' });
  return false;
}

/** Takes orders about histories, from an operator alone; the agent stays as it is. */
function takeHistoryOrders(app: FastifyInstance, now: number): void {
  for (const what of ['reset', 'merge']) {
    app.post(`/v1/agents/:tenant/:agent/baseline/${what}`, (request, reply) => {
      if (!isOperator(request, reply)) return reply;
      const { tenant, agent } = request.params as { tenant: string; agent: string };
      return reply.send(
        fixtureAgents(now).find((one) => one.tenant === tenant && one.agent === agent),
      );
    });
  }
}

/** Takes what people say, from an operator alone; the finding has it from then on. */
function takeFeedback(app: FastifyInstance, now: number): ReadonlyMap<string, FeedbackBody> {
  const said = new Map<string, FeedbackBody>();
  app.post('/v1/findings/:id/feedback', (request, reply) => {
    if (!isOperator(request, reply)) return reply;
    const { id } = request.params as { id: string };
    const order = request.body as Pick<FeedbackBody, 'verdict' | 'reason'> & {
      readonly actor?: string;
      readonly tenant?: string;
      readonly detector?: string;
    };
    const { verdict, reason } = order;
    const actor = order.actor === undefined ? 'ops' : `${order.actor} (ops)`;
    const finding = fixtureFindings(now).find((one) => one.id === id);
    const { tenant = '', detector = '' } = finding ?? order;
    if (finding !== undefined) {
      said.set(id, { verdict, reason, actor, at: new Date(now).toISOString() });
    }
    const agent = finding?.agent ?? '';
    const exception = { detector, agent, owner: actor, reason, expires: '2027-02-19' };
    const answer: FeedbackAnswerBody = {
      ...{ finding: id, tenant, detector, verdict },
      exception: verdict === 'benign' ? exception : null,
    };
    return reply.send(answer);
  });
  return said;
}

/** A day's rhythm, with the spike in the newest bucket. */
function activity(query: { since: string; bucket: string }, now: number): ActivityBody {
  const bucketMs = Number(query.bucket);
  const since = Math.ceil(Date.parse(query.since) / bucketMs) * bucketMs;
  const items: ActivityBody['items'][number][] = [];
  for (let time = since; time <= now; time += bucketMs) {
    const hour = (time / 3_600_000) % 24;
    const daily = Math.max(0, Math.sin(((hour - 6) / 14) * Math.PI));
    const wobble = 0.75 + 0.5 * Math.abs(Math.sin(time / 777_777));
    const calls = Math.round(daily * wobble * (bucketMs / 45_000));
    const last = time + bucketMs > now;
    if (calls > 0 || last) {
      items.push({
        bucket: new Date(time).toISOString(),
        calls: calls + (last ? 60 : 0),
        records: calls * 6 + (last ? 4812 : 0),
      });
    }
  }
  return { bucket_ms: bucketMs, items };
}
