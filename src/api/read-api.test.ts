import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ZodType } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { AGENT, RISK } from './agent-schemas.ts';
import { ENFORCEMENT_PATHS } from './openapi-enforcement.ts';
import * as schemas from './schemas.ts';
import { agentView, bearer, breakerDetail, createHarness, startApi } from './testing/harness.ts';
import { eventOf, findingOf } from './testing/rows.ts';

let harness: ReturnType<typeof createHarness>;
let app: FastifyInstance;
beforeEach(async () => {
  harness = createHarness();
  app = await startApi(harness);
});
afterEach(() => app.close());

const get = (url: string, as = 'viewer-all') => app.inject({ url, headers: bearer(as) });

/** Fetches and checks against the schema, so that answer and description cannot drift apart. */
async function read<Body>(url: string, schema: ZodType<Body>, as?: string): Promise<Body> {
  const response = await get(url, as);
  expect(response.statusCode, response.body).toBe(200);
  return schema.parse(response.json());
}

const ORDERS = 'ack approvals approvals/{id} break-glass calm drill exempt release reset trip'
  .split(' ')
  .map((order) => `post /v1/breakers/${order}`);

describe('reading', () => {
  it('tells the status, with latency quantiles', async () => {
    const status = await read('/v1/status', schemas.STATUS);
    expect(status).toMatchObject({
      version: '1.2.3',
      ledger: { seq: 41 },
      store: { kind: 'memory', healthy: true, projected_seq: 40 },
      ingest: { events: 1_000 },
      revocation: { p50_ms: 20, p99_ms: 400 },
    });
    expect(status.tenants.map(({ tenant }) => tenant)).toEqual(['acme', 'globex']);
  });

  it('still tells the status while the store is away', async () => {
    await get('/v1/status');
    harness.state.storeDown = true;
    const status = await read('/v1/status', schemas.STATUS);
    expect(status.store).toEqual({ kind: 'memory', healthy: false, projected_seq: 40 });
    const findings = await get('/v1/findings');
    expect(findings.statusCode).toBe(503);
    expect(findings.headers['retry-after']).toBe('1');
    expect(findings.json()).toMatchObject({ code: 'storage_unavailable' });
    await read('/v1/breakers', schemas.pageOf(schemas.BREAKER));
  });

  it('lists agents with state and coverage, page by page', async () => {
    harness.state.agents = [
      agentView('acme', 'tripped', { level: 4 }),
      agentView('acme', 'risky', { risk: 80 }),
      agentView('acme', 'stranger', { grant: null }),
      agentView('acme', 'new', { learning: true }),
      agentView('acme', 'calm'),
    ];
    const schema = schemas.pageOf(AGENT);
    const first = await read('/v1/agents?limit=3', schema);
    const second = await read(`/v1/agents?limit=3&cursor=${first.next}`, schema);
    expect([...first.items, ...second.items].map(({ agent, state }) => [agent, state])).toEqual([
      ['tripped', 'tripped'],
      ['risky', 'at_risk'],
      ['stranger', 'unregistered'],
      ['new', 'learning'],
      ['calm', 'normal'],
    ]);
    expect(second.next).toBeNull();
    expect(first.items[0]?.coverage[1]).toEqual({
      detector: 'cross_tenant_access',
      mode: 'shadow',
      verdict: 'blind',
      field: 'resource.tenant',
      cure: 'Send the owner of the resource.',
    });
  });

  it('tell policy decision points their risk, and nobody that of another tenant', async () => {
    const path = '/v1/agents/acme/invoice-bot/risk';
    harness.state.agents = [agentView('acme', 'invoice-bot')];
    expect(await read(path, RISK, 'broker-acme')).toMatchObject({
      ...{ agent: 'invoice-bot', risk: 10, explanation: 'Risk 10 of 100.' },
      parts: [
        { finding_id: '7-0', detector: 'volume_spike', points: 10, half_life_ms: 14_400_000 },
      ],
    });
    expect((await get(path, 'viewer-globex')).statusCode).toBe(404);
    expect((await get(path, 'ingest-acme')).statusCode).toBe(403);
  });

  it('finds an agent whatever its id looks like', async () => {
    const awkward = 'spiffe://acme/ns/a?b#c%2F é';
    const long = '§'.repeat(LIMITS.identifierChars);
    harness.state.agents = [agentView('acme', awkward), agentView('acme', long)];
    for (const agent of [awkward, long]) {
      const path = `/v1/agents/acme/${encodeURIComponent(agent)}`;
      expect((await read(path, AGENT)).agent).toBe(agent);
    }
    expect((await get('/v1/agents/acme/nobody')).statusCode).toBe(404);
  });

  it('shows activity, and refuses too many buckets', async () => {
    const path = '/v1/agents/acme/invoice-bot/activity';
    const since = '2026-11-21T08:00:00.000Z';
    expect(await read(`${path}?since=${since}&bucket=60000`, schemas.ACTIVITY)).toEqual({
      bucket_ms: 60_000,
      items: [{ bucket: since, calls: 3, records: 1.5 }],
    });
    const response = await get(`${path}?since=0&bucket=60000`);
    expect(response.json()).toMatchObject({ code: 'bad_request', path: 'bucket' });
  });

  it('passes every filter of findings to the store', async () => {
    harness.state.findings = [findingOf('acme', '1-0')];
    const filters = 'tenant=acme&agent=a&detector=d&since=5&until=2026-11-21T09:00:00Z&limit=7';
    const page = await read(`/v1/findings?${filters}`, schemas.pageOf(schemas.FINDING));
    expect(page.items[0]?.decision).toMatchObject({ tripped: false, would: { level: 4 } });
    expect(harness.state.asked).toEqual([
      {
        tenants: ['acme'],
        agent: 'a',
        detector: 'd',
        since: 5,
        until: Date.UTC(2026, 10, 21, 9),
        limit: 7,
      },
    ]);
  });

  it('lists kinds of personal data met, of the tenants that the caller covers', async () => {
    const answer = await get('/v1/pii/findings?type=email');
    expect(answer.json().items.map(({ tenant }: { tenant: string }) => tenant)).toEqual([
      'acme',
      'globex',
    ]);
    const own = (await get('/v1/pii/findings', 'viewer-acme')).json();
    expect(own).toEqual({
      items: [
        {
          ...{ tenant: 'acme', type: 'email', source: 'native', field: 'action.arguments.to' },
          ...{ agent: 'bot', count: 3 },
          first_seen: expect.stringMatching(/Z$/),
          last_seen: expect.stringMatching(/Z$/),
        },
      ],
      next: null,
    });
    expect((await get('/v1/pii/findings?type=card')).json().items).toEqual([]);
  });

  it('describes a finding that stayed below the level asked for', async () => {
    const key = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' } as const;
    const decision = { tripped: true, key, level: 2, cappedBy: 'agent_trust' } as const;
    harness.state.findings = [{ ...findingOf('acme', '1-0'), decision }];
    const page = await read('/v1/findings', schemas.pageOf(schemas.FINDING));
    expect(page.items[0]?.decision).toMatchObject({ level: 2, capped_by: 'agent_trust' });
  });

  it('lists open breakers, and closed ones on request', async () => {
    const schema = schemas.pageOf(schemas.BREAKER);
    const open = await read('/v1/breakers', schema);
    expect(open.items.map(({ key }) => key.id)).toEqual(['invoice-bot', 'globex-bot']);
    expect(open.items[0]).toMatchObject({ level_name: 'suspend', awaiting: ['broker-2'] });
    expect((await read('/v1/breakers?include=closed', schema)).items).toHaveLength(3);
    expect((await read('/v1/breakers', schema, 'broker-acme')).items).toHaveLength(1);
  });

  it('shows a chain once per event, with its findings', async () => {
    const event = eventOf('acme', 'evt-1');
    harness.state.findings = [findingOf('acme', '1-0')];
    harness.state.chain = [
      { seq: 1, loggedAt: 1, event },
      { seq: 2, loggedAt: 2, event: { ...event } },
      { seq: 3, loggedAt: 3, event: eventOf('acme', 'evt-2') },
    ];
    const chain = await read('/v1/chains/chain-1', schemas.CHAIN);
    expect(chain.steps.map(({ seq }) => seq)).toEqual([1, 3]);
    expect(chain.steps[0]).toMatchObject({
      resource: { type: 'crm', id: 'account/7', tenant: 'acme' },
      decision: { verdict: 'allow', id: 'd-1', policy: 'crm' },
      token: { jti: 't-1' },
      delegation: ['agent:planner'],
      redactions: { email: 2 },
    });
    expect(chain).toMatchObject({ ended_at: '2026-11-21T09:00:00.084Z', truncated: false });
    expect(chain.findings).toHaveLength(1);
    expect(harness.state.asked[0]?.chains).toEqual(['chain-1']);
    harness.state.chain = [];
    expect((await get('/v1/chains/none')).statusCode).toBe(404);
  });

  it('says when a chain is longer than it shows', async () => {
    harness.state.chain = Array.from({ length: LIMITS.chainSteps + 1 }, (_, seq) => ({
      seq,
      loggedAt: seq,
      event: eventOf('acme', `evt-${seq}`),
    }));
    const chain = await read('/v1/chains/chain-1', schemas.CHAIN);
    expect([chain.steps.length, chain.truncated]).toEqual([LIMITS.chainSteps, true]);
  });

  it.each([
    '/v1/findings?limit=0',
    '/v1/findings?limit=501',
    '/v1/findings?limit=',
    '/v1/findings?limit=5&limit=6',
    '/v1/findings?since=yesterday',
    '/v1/findings?colour=red',
    '/v1/agents?cursor=nonsense',
    '/v1/breakers?include=everything',
  ])('refuses %s and names the field', async (url) => {
    const response = await get(url);
    expect(response.statusCode).toBe(400);
    expect(schemas.ERROR.parse(response.json())).toMatchObject({
      code: 'bad_request',
      request_id: response.headers['x-request-id'],
    });
  });
});

describe('tenants', () => {
  beforeEach(() => {
    harness.state.findings = [findingOf('acme', '1-0'), findingOf('globex', '2-0')];
    harness.state.chain = ['acme', 'globex'].map((tenant, seq) => ({
      seq,
      loggedAt: seq,
      event: eventOf(tenant, `evt-${seq}`),
    }));
  });

  it.each([
    '/v1/status',
    '/v1/agents',
    '/v1/agents?tenant=globex',
    '/v1/agents/globex/globex-bot',
    '/v1/agents/globex/globex-bot/activity',
    '/v1/findings',
    '/v1/findings?tenant=globex',
    '/v1/breakers?include=closed',
    '/v1/breakers?tenant=globex',
    '/v1/chains/chain-1',
    '/v1/tokens/t-1',
    '/v1/tokens/t-1?tenant=globex',
    '/metrics',
  ])('%s shows nothing of another tenant', async (url) => {
    const foreign = await get(url, 'viewer-acme');
    expect(foreign.body).not.toContain('globex');
    const own = await get(url, 'viewer-globex');
    if (url === '/metrics') return;
    expect(own.statusCode).toBe(200);
    if (!url.endsWith('/activity')) expect(own.body).toContain('globex');
    else expect(foreign.statusCode).toBe(404);
  });

  it('answers the same for another tenant’s agent and for none', async () => {
    const answers = ['globex/globex-bot', 'globex/nobody', 'nowhere/nobody'].map(async (path) => {
      const { statusCode, body } = await get(`/v1/agents/${path}`, 'viewer-acme');
      const { request_id: _id, ...rest } = JSON.parse(body) as Record<string, unknown>;
      return { statusCode, ...rest };
    });
    const [first, ...others] = await Promise.all(answers);
    expect(first).toMatchObject({ statusCode: 404 });
    for (const other of others) expect(other).toEqual(first);
  });

  it('changes nothing for one tenant when another does more', async () => {
    const before = (await get('/v1/status', 'viewer-acme')).json();
    harness.state.agents.push(agentView('globex', 'another'));
    harness.state.breakers.push(breakerDetail('globex', 'another', true));
    const events = { ...harness.options.view.counters(), events: 9_999 };
    harness.options.view.counters = () => events;
    expect((await get('/v1/status', 'viewer-acme')).json()).toEqual(before);
    expect(before).toMatchObject({ scope: 'tenants', ingest: { events: 0 } });
  });
});

describe('who looked at evidence', () => {
  it('is noted where an answer shows it, and told within the tenants of who asks', async () => {
    expect((await get('/v1/agents/globex/globex-bot', 'viewer-globex')).statusCode).toBe(200);
    await get('/v1/agents', 'viewer-globex');
    await get('/v1/agents/globex/nobody', 'viewer-globex');
    const items = [
      {
        ...{ tenant: 'globex', actor: 'viewer-globex', of: 'agent', id: 'globex-bot' },
        at: expect.any(String),
      },
    ];
    expect((await get('/v1/ledger/views', 'viewer-globex')).json()).toEqual({ items });
    expect((await get('/v1/ledger/views', 'viewer-acme')).json()).toEqual({ items: [] });
  });
});

describe('operations', () => {
  it('answers probes without a credential', async () => {
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
    expect((await app.inject('/readyz')).statusCode).toBe(200);
    harness.state.ready = false;
    const response = await app.inject('/readyz');
    expect([response.statusCode, response.json()]).toEqual([
      503,
      { ready: false, reasons: ['shutting down'] },
    ]);
  });

  it('exposes metrics to a credential of every tenant', async () => {
    expect((await app.inject('/metrics')).statusCode).toBe(401);
    expect((await get('/metrics', 'viewer-acme')).statusCode).toBe(403);
    const response = await get('/metrics');
    expect(response.headers['content-type']).toContain('version=0.0.4');
    expect(response.body).toBe('tripcoil_up 1\n');
  });

  it('describes itself: every route, every schema valid', async () => {
    const document = (await app.inject('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries<Record<string, unknown>>(document.paths)
      .filter(([path]) => !(path in ENFORCEMENT_PATHS))
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    expect(operations.sort()).toEqual([
      'get /.well-known/ssf-configuration/t/{tenant}',
      'get /healthz',
      'get /metrics',
      'get /openapi.json',
      'get /readyz',
      'get /t/{tenant}/jwks.json',
      ...['get /v1/agents', 'get /v1/agents/{tenant}/{agent}'],
      'get /v1/agents/{tenant}/{agent}/activity',
      'get /v1/agents/{tenant}/{agent}/risk',
      'get /v1/authentications',
      'get /v1/breakers',
      'get /v1/breakers/approvals',
      'get /v1/breakers/by-key',
      ...['get /v1/breakers/changes', 'get /v1/breakers/feed'],
      'get /v1/breakers/jwks.json',
      'get /v1/breakers/snapshot',
      'get /v1/chains',
      'get /v1/chains/{id}',
      'get /v1/chains/{id}/evaluation',
      'get /v1/detectors',
      'get /v1/findings',
      ...['get /v1/ingest/status', 'get /v1/ledger/consistency'],
      ...['get /v1/ledger/logs', 'get /v1/ledger/proof', 'get /v1/ledger/views'],
      'get /v1/pii/findings',
      'get /v1/reviews',
      'get /v1/reviews/{id}',
      'get /v1/status',
      'get /v1/stream',
      'get /v1/tokens/{jti}',
      ...['merge', 'reset'].map((what) => `post /v1/agents/{tenant}/{agent}/baseline/${what}`),
      'post /v1/audit',
      'post /v1/audit/{format}',
      ...ORDERS,
      'post /v1/check',
      'post /v1/cloudevents',
      'post /v1/events',
      'post /v1/findings/{id}/feedback',
      'post /v1/history',
      'post /v1/logs',
      'post /v1/metrics',
      'post /v1/reveals/{id}/approve',
      'post /v1/reveals/{id}/read',
      'post /v1/reviews/{id}',
      'post /v1/tenants/{tenant}/enforce',
      'post /v1/tenants/{tenant}/erase',
      'post /v1/tenants/{tenant}/keys/rotate',
      'post /v1/tenants/{tenant}/legal-hold',
      'post /v1/tenants/{tenant}/legal-hold/release',
      'post /v1/tenants/{tenant}/reveals',
      'post /v1/tenants/{tenant}/shadow',
      'post /v1/traces',
      'put /v1/grants',
    ]);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const agents = document.paths['/v1/agents'].get.responses[200].content['application/json'];
    const validate = ajv.compile(agents.schema);
    expect(validate((await get('/v1/agents')).json()), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ items: [{}] })).toBe(false);
    for (const path of ['/v1/events', '/v1/history', '/v1/cloudevents', '/v1/audit']) {
      const { content } = document.paths[path].post.responses[200];
      expect(Object.keys(content['application/json'].schema.properties)).toEqual([
        ...['accepted', 'duplicates', 'ignored', 'rejected_count', 'rejected'],
      ]);
    }
    const trip = document.paths['/v1/breakers/trip'].post.requestBody.content['application/json'];
    expect(trip.schema.required).toEqual(['key', 'level', 'reason']);
  });

  it('answers unknown addresses and faults as error bodies that give nothing away', async () => {
    const missing = await get('/v1/nonsense');
    expect([missing.statusCode, missing.json().code]).toEqual([404, 'not_found']);
    harness.options.view.agents = () => {
      throw new Error('secret-value in row 7');
    };
    const fault = await get('/v1/agents');
    expect([fault.statusCode, fault.json().code]).toEqual([500, 'internal']);
    expect(fault.body).not.toContain('secret-value');
  });

  it('sends its headers with every answer', async () => {
    for (const url of ['/healthz', '/v1/status', '/v1/nonsense']) {
      const { headers } = await app.inject(url);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
    }
  });
});
