import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encode, LogsRequest, TraceRequest } from '../../bench/decode-oracle.ts';
import { takeEvidence } from './canary-exports.ts';
import { binary, searchFiles, searchSinks, searchTokens, summaryOf } from './canary-search.ts';
import {
  badEventsFullOf,
  eventFullOf,
  grantsFullOf,
  logsFullOf,
  traceIdOf,
  tracesFullOf,
} from './canary-traffic.ts';
import { type Asked, ask, follow, type Sink, startSink, sumOf } from './http.ts';
import { KINDS, Planter, Searcher } from './planted-values.ts';
import {
  receiverConfig,
  type SecurityEventReceiver,
  startSecurityEventReceiver,
} from './security-event-receiver.ts';
import {
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  type Workplace,
} from './served-daemon.ts';

const BROKER = 'canary-broker-token-0123456789';
const JSON_TYPE = { 'content-type': 'application/json' };
const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const SEED = Number(process.env['TRIPCOIL_SEED'] ?? 7);

const planter = new Planter(SEED);
let workplace: Workplace;
let daemon: ServedDaemon;
let operator: string;
let receiver: SecurityEventReceiver;
let webhook: Sink;
let downstream: Sink;

interface Heard {
  readonly where: string;
  readonly text: string;
  /** Told to somebody who revokes, and so with the ids that they know. */
  readonly toBroker: boolean;
}

/** Everything the daemon answered, by the question. */
const heard: Heard[] = [];

beforeAll(async () => {
  receiver = await startSecurityEventReceiver();
  webhook = await startSink();
  downstream = await startSink();
  workplace = await createWorkplace(
    `log: { level: debug }
grants_file: ./grants.json
tokens:
  - { name: broker, token: ${BROKER}, roles: [ingest, broker], tenants: [acme], trust: broker }
alerts: { webhook: { url: "${webhook.url}/alerts" } }
telemetry: { forward: { endpoint: "${downstream.url}/v1/traces" } }
${receiverConfig(receiver.url)}`,
    'auto',
  );
  const grants = grantsFullOf(planter, 'email', 'grants file');
  await writeFile(join(workplace.directory, 'grants.json'), JSON.stringify(grants));
  daemon = await serve(workplace);
  operator = await daemon.token('local-operator');
});

afterAll(async () => {
  await daemon?.stop();
  receiver?.close();
  webhook?.close();
  downstream?.close();
  await workplace?.remove();
});

async function tell(path: string, asked: Asked = {}) {
  const answer = await ask(`${daemon.main}${path}`, { token: BROKER, ...asked });
  const headers = JSON.stringify([...answer.headers]);
  const toBroker = asked.token === undefined && /^\/v1\/(?:check|breakers\/snapshot)\b/.test(path);
  heard.push({
    where: `answer to ${asked.method ?? ''} ${path.slice(0, 60)}`,
    text: `${headers}\n${answer.text}`,
    toBroker,
  });
  return answer;
}

const takeOut = (path: string) => tell(path, { token: operator });

async function order(method: string, path: string, body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return tell(path, { method, token: operator, headers: JSON_TYPE, body: text });
}

function listenTo(path: string, token: string, lastEventId: string): void {
  const where = `stream ${path}`;
  const headers = { 'last-event-id': lastEventId };
  const toBroker = token === BROKER;
  follow(`${daemon.main}${path}`, token, headers, (text) => heard.push({ where, text, toBroker }));
}

/** Header values of HTTP know no line breaks. */
const inHeader = (value: string): string => value.replaceAll('\n', ' ');

/** The tripped ids that brokers were not told as they know them, though they are no secrets. */
function unheardByBrokers(): readonly string[] {
  const claims = receiver.tokens.map((token) =>
    Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
  );
  const feed = heard.filter(({ where, toBroker }) => toBroker && where.startsWith('stream'));
  const surfaces = { 'security events': claims.join('\n'), feed: joined(feed) };
  const tripped = planter.planted.filter(({ kind, place }) => {
    return /^(?:key\.id|session key)$/.test(place) && ADDRESSES.has(kind);
  });
  return Object.entries(surfaces).flatMap(([surface, text]) =>
    tripped.filter(({ value }) => !text.includes(value)).map(({ value }) => `${surface}: ${value}`),
  );
}

const ADDRESSES: ReadonlySet<string> = new Set(['email', 'phone', 'card', 'ssn', 'ipv4', 'ipv6']);
const joined = (told: readonly Heard[]): string => told.map(({ text }) => text).join('');

describe('values planted in everything the daemon is sent', () => {
  it('streams are being followed', async () => {
    listenTo('/v1/breakers/feed', BROKER, planter.plant('email', 'last-event-id'));
    listenTo('/v1/stream', operator, '');
    listenTo('/v1/breakers/feed', operator, '');
    await eventually(
      async () => heard.length,
      (count) => count >= 3,
    );
  });

  it.each(KINDS)('orders and grants with %s', async (kind) => {
    const p = (place: string) => planter.plant(kind, place);
    const i = (place: string) => planter.plantIdentifier(kind, place);
    expect(
      (await order('PUT', '/v1/grants', grantsFullOf(planter, kind, 'PUT grants'))).status,
    ).toBe(200);
    const words = () => ({ reason: `because ${p('reason')} said so`, actor: p('actor') });
    expect((await order('POST', '/v1/tenants/acme/enforce', words())).status).toBe(200);
    const agent = { tenant: 'acme', kind: 'agent', id: i('key.id') };
    const session = {
      tenant: 'acme',
      kind: 'session',
      id: i('session key'),
      agent: i('key.agent'),
    };
    let held: { readonly term: number; readonly epoch: number } | null = null;
    for (const key of [session, agent]) {
      const trip = await order('POST', '/v1/breakers/trip', { key, level: 4, ...words() });
      expect(trip.status).toBe(200);
      const { breaker } = JSON.parse(trip.text);
      expect(breaker).toMatchObject({ phase: 'isolated' });
      held = breaker;
      const question = key.kind === 'agent' ? { agent: key.id } : { session: key.id };
      const check = await tell('/v1/check', { headers: JSON_TYPE, body: JSON.stringify(question) });
      expect(JSON.parse(check.text)).toMatchObject({ allow: false, level: 4 });
    }
    const ack = { key: agent, term: held?.term, epoch: held?.epoch };
    expect(
      (await tell('/v1/breakers/ack', { headers: JSON_TYPE, body: JSON.stringify(ack) })).status,
    ).toBe(204);
    const reset = { key: agent, epoch: held?.epoch, ...words() };
    expect((await order('POST', '/v1/breakers/reset', reset)).status).toBe(200);
  });

  it.each(KINDS)('bad orders and questions with %s', async (kind) => {
    const p = (place: string) => planter.plant(kind, `bad order ${place}`);
    const id = p('id');
    await order('POST', '/v1/breakers/trip', {
      key: { tenant: 'acme', kind: p('kind'), id },
      level: p('level'),
      [p('key')]: 1,
    });
    await order('POST', '/v1/breakers/trip', `{"${p('malformed')}`);
    await order('POST', '/v1/breakers/reset', {
      key: { tenant: p('tenant'), kind: 'agent', id: p('other id') },
      epoch: 1,
      reason: p('reason'),
    });
    const history = `/v1/agents/acme/${encodeURIComponent(p('history agent'))}/baseline`;
    await order('POST', `${history}/reset`, { reason: p('history reason') });
    await order('POST', `${history}/merge`, { from: p('from'), reason: p('merge reason') });
    await order('PUT', '/v1/grants', {
      agents: [{ [p('grants key')]: p('grants value') }],
      [p('grants top')]: p('grants top value'),
    });
    await order('PUT', '/v1/grants', `agents: [ ${p('grants yaml')}: *${p('grants alias')}`);
    await tell('/v1/check', {
      headers: JSON_TYPE,
      body: JSON.stringify({
        agent: p('check agent'),
        tool: p('check tool'),
        jti: p('check jti'),
        chain: p('check chain'),
        tenant: p('check tenant'),
      }),
    });
    await tell('/v1/check', {
      headers: JSON_TYPE,
      body: JSON.stringify({ phase: p('check phase'), action: p('check action') }),
    });
    await tell('/v1/breakers/ack', {
      headers: JSON_TYPE,
      body: JSON.stringify({ key: { tenant: 'acme', kind: p('ack kind'), id: p('ack id') } }),
    });
    const proposed = { ...eventFullOf(planter, kind), phase: 'proposed' };
    expect(
      (await tell('/v1/check', { headers: JSON_TYPE, body: JSON.stringify(proposed) })).status,
    ).toBe(200);
  });

  it.each(KINDS)('native events with %s', async (kind) => {
    const events = Array.from({ length: 2 }, () => eventFullOf(planter, kind));
    const sent = await tell('/v1/events', { headers: JSON_TYPE, body: JSON.stringify(events) });
    expect(JSON.parse(sent.text)).toMatchObject({ accepted: 2, rejected_count: 0, rejected: [] });
    const bad = badEventsFullOf(planter, kind);
    const lines = [
      ...bad.map((event) => JSON.stringify(event)),
      `{"${inHeader(planter.plant(kind, 'malformed line'))}`,
    ];
    const refused = await tell('/v1/events', {
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    expect(JSON.parse(refused.text)).toMatchObject({ accepted: 0, rejected_count: bad.length + 1 });
    await tell('/v1/events', {
      headers: JSON_TYPE,
      body: `[${planter.plant(kind, 'malformed body')}`,
    });
  });

  it.each(KINDS)('spans and logs with %s', async (kind) => {
    for (const encoding of ['json', 'protobuf'] as const) {
      const traces = tracesFullOf(planter, kind, `${encoding} span`);
      const logs = logsFullOf(planter, kind, `${encoding} log`);
      const headers = encoding === 'json' ? JSON_TYPE : PROTOBUF;
      const bodyOf = (request: object, type: typeof TraceRequest) =>
        encoding === 'json' ? JSON.stringify(request) : encode(type, binary(request));
      const sent = await tell('/v1/traces', { headers, body: bodyOf(traces, TraceRequest) });
      expect([sent.status, sent.text]).toEqual([200, encoding === 'json' ? '{}' : '']);
      const logged = await tell('/v1/logs', { headers, body: bodyOf(logs, LogsRequest) });
      expect([logged.status, logged.text]).toEqual([200, encoding === 'json' ? '{}' : '']);
      const spoilt = JSON.stringify(traces).replace('"00000000000000a1"', '"0000000000000000"');
      const refused = await tell('/v1/traces', { headers: JSON_TYPE, body: spoilt });
      expect(refused.text).toContain('spanId');
      await tell('/v1/traces', { headers: PROTOBUF, body: spoilt });
      await tell('/v1/logs', { headers: JSON_TYPE, body: spoilt.slice(0, -20) });
    }
  });

  it.each(KINDS)('addresses and headers with %s', async (kind) => {
    const p = (place: string) => encodeURIComponent(planter.plant(kind, `address ${place}`));
    const h = (place: string) => inHeader(planter.plant(kind, `header ${place}`));
    for (const token of [BROKER, operator]) {
      await tell(`/v1/agents/acme/${p('agent')}`, { token });
      await tell(`/v1/agents/${p('tenant')}/x/activity?since=${p('since')}`, { token });
      await tell(`/v1/agents?cursor=${p('cursor')}&tenant=${p('tenant query')}`, { token });
      await tell(
        `/v1/findings?agent=${p('findings agent')}&detector=${p('detector')}&limit=${p('limit')}`,
        { token },
      );
      await tell(`/v1/findings?${p('query key')}=1`, { token });
      await tell(`/v1/chains/${p('chain')}`, { token });
      await tell(`/v1/breakers?include=${p('include')}`, { token });
      await tell(`/${p('page')}/${p('nowhere')}?a=${p('query')}`, { token });
      await tell(`/v1/agents/%zz${p('broken')}`, { token });
    }
    // A tenant that the operator asks for is named in the answer, so only the broker asks.
    await tell(`/v1/breakers/snapshot?tenant=${p('snapshot')}`);
    await tell(`/.well-known/ssf-configuration/t/acme?x=${p('metadata')}`);
    await tell(`/v1/events?key=${p('events query')}`, { headers: JSON_TYPE, body: '[]' });
    await tell(`/${p('prefix')}/v1/traces`, { headers: JSON_TYPE, body: '{}' });
    await tell('/v1/events', {
      body: '[]',
      headers: {
        'content-type': h('content-type'),
        'user-agent': h('user-agent'),
        'x-request-id': h('x-request-id'),
        traceparent: h('traceparent'),
        baggage: `a=${h('baggage')}`,
        referer: h('referer'),
        cookie: `a=${h('cookie')}`,
        forwarded: `for=${h('forwarded')}`,
        'x-forwarded-for': h('x-forwarded-for'),
      },
    });
    for (const path of ['/v1/events', '/v1/traces', '/v1/agents', '/v1/check', '/v1/grants']) {
      const method = path === '/v1/agents' ? 'GET' : path === '/v1/grants' ? 'PUT' : 'POST';
      await tell(path, {
        method,
        headers: { ...JSON_TYPE, authorization: `Bearer ${h('unknown token')}` },
      });
      await tell(path, {
        method,
        headers: { ...JSON_TYPE, 'content-encoding': h('content-encoding') },
      });
      await tell(path, { method, headers: { 'content-type': `text/${h('media type')}` } });
    }
    await order('POST', `/v1/tenants/acme/${p('posture')}`, '{}');
  });
});

describe('the same values afterwards', () => {
  it('everything that tells of the events is read', async () => {
    await eventually(
      async () =>
        sumOf(
          (await tell('/metrics', { token: operator })).text,
          'tripcoil_store_projection_lag_entries',
        ),
      (lag) => lag === 0,
    );
    for (const path of [
      '/v1/agents',
      '/v1/findings',
      '/v1/breakers?include=closed',
      '/v1/status',
      '/openapi.json',
      '/',
    ]) {
      for (let next: string | null = path; next !== null; ) {
        const answer = await tell(next, { token: operator });
        const cursor = path.startsWith('/v1/') ? (JSON.parse(answer.text).next ?? null) : null;
        next =
          cursor === null
            ? null
            : `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;
      }
    }
    await tell('/v1/breakers/snapshot');
    await tell('/v1/breakers/snapshot?tenant=acme', { token: operator });
    const { items } = JSON.parse((await tell('/v1/agents?limit=500', { token: operator })).text);
    expect(items.length).toBeGreaterThan(KINDS.length * 4);
    await Promise.all(
      items.flatMap(({ tenant, agent }: { tenant: string; agent: string }) => {
        const path = `/v1/agents/${tenant}/${encodeURIComponent(agent)}`;
        return [path, `${path}/activity`].map((each) => tell(each, { token: operator }));
      }),
    );
    const findings = JSON.parse(
      (await tell('/v1/findings?limit=500', { token: operator })).text,
    ).items;
    expect(findings.length).toBeGreaterThan(KINDS.length);
    const chains = new Set<string>(findings.map(({ chain }: { chain: string }) => chain));
    for (const kind of KINDS)
      for (const source of ['json span', 'protobuf span']) chains.add(traceIdOf(source, kind));
    let steps = 0;
    for (const chain of chains) {
      const answer = await tell(`/v1/chains/${encodeURIComponent(chain)}`, { token: operator });
      if (answer.status === 200) steps += JSON.parse(answer.text).steps.length;
    }
    expect(steps).toBeGreaterThan(KINDS.length * 4);
    for (const each of await takeEvidence(planter, { agents: items, findings }, takeOut)) {
      heard.push({ ...each, toBroker: false });
    }
  });

  it('stand nowhere', async () => {
    await eventually(
      async () => receiver.tokens.length,
      (count) => count >= 20,
    );
    await eventually(
      async () => webhook.bodies.length,
      (count) => count >= 20,
    );
    expect(await daemon.stop()).toBe(0);
    expect(Buffer.concat(downstream.bodies).length).toBeGreaterThan(10_000);
    expect(
      heard.some(
        ({ where, text }) =>
          where === 'stream /v1/breakers/feed' && text.includes('event: transition'),
      ),
    ).toBe(true);
    expect(
      heard.some(
        ({ where, text }) => where === 'stream /v1/stream' && text.includes('event: finding'),
      ),
    ).toBe(true);

    const searcher = new Searcher(planter.planted);
    const ofBrokers = new Searcher(planter.planted.filter(({ isIdentifier }) => !isIdentifier));
    const files = await searchFiles(searcher, join(workplace.directory, 'data'));
    const stored = searcher.bytes;
    searcher.search('standard error', daemon.said.join('\n'));
    searcher.search('standard output', daemon.printed.join('\n'));
    for (const { where, text, toBroker } of heard) {
      (toBroker ? ofBrokers : searcher).search(where, text);
    }
    searchTokens(ofBrokers, receiver.tokens);
    searchSinks(ofBrokers, { alert: webhook });
    searchSinks(searcher, { 'forwarded trace': downstream });
    const values = planter.planted.length;
    const spellings = planter.planted.reduce((sum, one) => sum + one.spellings.length, 0);
    console.info(
      `${values} values in ${spellings} spellings, ${searcher.bytes} bytes searched: ` +
        `${stored} of ${files} files, ${heard.length} answers, ` +
        `${receiver.tokens.length} security event tokens, ` +
        `${webhook.bodies.length} alerts, ${downstream.bodies.length} forwarded batches`,
    );
    expect(summaryOf([...searcher.leaks, ...ofBrokers.leaks])).toEqual([]);
    expect(unheardByBrokers()).toEqual([]);
    expect(values).toBeGreaterThan(600);
    expect(files).toBeGreaterThan(3);
  });

  it('would have been found', () => {
    const searcher = new Searcher(planter.planted);
    searcher.search('control', JSON.stringify(planter.planted.map(({ value }) => value)));
    const found = new Set(searcher.leaks.map(({ planted }) => planted));
    expect(planter.planted.filter((planted) => !found.has(planted))).toEqual([]);
  });
});
