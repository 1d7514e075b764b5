import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BreakerBody, TransitionBody } from '../../src/api/breaker-contract.ts';
import type {
  AgentBody,
  ChainBody,
  FindingBody,
  PageBody,
  StatusBody,
} from '../../src/api/contract.ts';
import { ask, type Followed, follow } from './http.ts';
import {
  type SecurityEventReceiver,
  startSecurityEventReceiver,
} from './security-event-receiver.ts';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  type Workplace,
} from './served-daemon.ts';

const TENANTS = ['acme', 'globex'] as const;
type Tenant = (typeof TENANTS)[number];
const other = (tenant: Tenant): Tenant => (tenant === 'acme' ? 'globex' : 'acme');

const tokenOf = (role: string, tenant: string): string => `tenancy-test-${role}-of-${tenant}`;
const BOTH = tokenOf('broker', 'both');
const TRACE = 'ab'.repeat(16);
const ONLY_ACME = 'cd'.repeat(16);

let workplace: Workplace;
let daemon: ServedDaemon;
let receivers: Record<Tenant, SecurityEventReceiver>;
let feeds: Record<Tenant, Followed>;
let streams: Record<Tenant, Followed>;

beforeAll(async () => {
  receivers = {
    acme: await startSecurityEventReceiver('https://acme.example'),
    globex: await startSecurityEventReceiver('https://globex.example'),
  };
  const tokens = TENANTS.flatMap((tenant) =>
    [
      ['broker', '[ingest, broker]'],
      ['viewer', '[viewer]'],
      ['operator', '[operator]'],
    ].map(
      ([role = '', roles]) =>
        `  - { name: ${role}-${tenant}, token: ${tokenOf(role, tenant)}, roles: ${roles}, ` +
        `tenants: [${tenant}], trust: broker }`,
    ),
  );
  const pushed = TENANTS.map(
    (tenant) =>
      `    - { name: to-${tenant}, url: "${receivers[tenant].url}", tenants: [${tenant}], ` +
      `audience: "https://${tenant}.example", allow_loopback: true }`,
  );
  workplace = await createWorkplace(`grants_file: ./grants.yaml
tokens:
${tokens.join('\n')}
  - { name: both, token: ${BOTH}, roles: [ingest, broker], tenants: [acme, globex], trust: broker }
revocation:
  receivers:
${pushed.join('\n')}
`);
  await writeFile(
    join(workplace.directory, 'grants.yaml'),
    'agents: [{ tenant: acme, agent: "*" }, { tenant: globex, agent: "*" }]\n',
  );
  daemon = await serve(workplace);
  for (const tenant of TENANTS) {
    const path = `/v1/tenants/${tenant}/enforce`;
    const { status } = await call(daemon, tokenOf('operator', tenant), 'POST', path, {
      reason: 'test',
    });
    expect(status).toBe(200);
  }
  const followed = (path: string, role: string) => ({
    acme: follow(`${daemon.main}${path}`, tokenOf(role, 'acme')),
    globex: follow(`${daemon.main}${path}`, tokenOf(role, 'globex')),
  });
  feeds = followed('/v1/breakers/feed', 'broker');
  streams = followed('/v1/stream', 'viewer');
  for (const one of [...Object.values(feeds), ...Object.values(streams)]) {
    await eventually(
      async () => one.text(),
      (text) => text.includes('event: '),
    );
  }
  await traffic();
});

afterAll(async () => {
  await daemon?.stop();
  for (const receiver of Object.values(receivers ?? {})) receiver.close();
  await workplace?.remove();
});

function eventOf(id: string, agent: string, owner: string, more: object = {}) {
  return {
    id,
    time: Date.now(),
    agent: { id: agent },
    session: { id: 's-1' },
    trace: { trace_id: TRACE },
    action: { name: 'read_account', op: 'read', tool_call_id: `call of ${id}` },
    resource: { type: 'crm', id: 'account', tenant: owner },
    outcome: { status: 'success' },
    ...more,
  };
}

/** The same agents, sessions, traces and ids in both tenants; only acme's agent leaves its own. */
async function traffic(): Promise<void> {
  const person = '4111 1111 1111 1111';
  for (const tenant of TENANTS) {
    const owner = tenant === 'acme' ? 'globex' : tenant;
    const events = [
      eventOf('e-1', 'invoice-bot', owner, { principal: { sub: `${tenant}-person` } }),
      eventOf('e-2', person, tenant),
      ...(tenant === 'acme'
        ? [eventOf('e-3', 'acme-bot', 'acme', { trace: { trace_id: ONLY_ACME } })]
        : []),
    ];
    await accepted(tokenOf('broker', tenant), events, events.length);
  }
  await projected();
}

async function accepted(token: string, events: readonly object[], count: number) {
  const { body } = await call<{ accepted: number }>(daemon, token, 'POST', '/v1/events', events);
  expect(body.accepted).toBe(count);
  return body as unknown as { readonly rejected: readonly object[] };
}

async function projected(): Promise<void> {
  await eventually(
    () => call<StatusBody>(daemon, null, 'GET', '/v1/status'),
    ({ body }) => body.store.projected_seq === body.ledger.seq,
  );
}

const get = <Body>(role: string, tenant: Tenant, path: string) =>
  call<Body>(daemon, tokenOf(role, tenant), 'GET', path);

async function items<Row>(role: string, tenant: Tenant, path: string): Promise<readonly Row[]> {
  const { status, body } = await get<PageBody<Row>>(role, tenant, path);
  expect(status).toBe(200);
  return body.items;
}

describe.each(TENANTS)('somebody of %s', (tenant) => {
  const foreign = other(tenant);

  it('sees the agents of the own tenant alone', async () => {
    const agents = await items<AgentBody>('viewer', tenant, '/v1/agents');
    expect(new Set(agents.map((agent) => agent.tenant))).toEqual(new Set([tenant]));
    expect(agents).toHaveLength(tenant === 'acme' ? 3 : 2);
    expect(await items('viewer', tenant, `/v1/agents?tenant=${foreign}`)).toEqual([]);
    for (const suffix of ['', '/activity', '/activity?bucket=60000']) {
      expect(
        (await get('viewer', tenant, `/v1/agents/${tenant}/invoice-bot${suffix}`)).status,
      ).toBe(200);
      const hidden = await get('viewer', tenant, `/v1/agents/${foreign}/invoice-bot${suffix}`);
      const absent = await get('viewer', tenant, `/v1/agents/${foreign}/nobody${suffix}`);
      expect([hidden.status, absent.status]).toEqual([404, 404]);
    }
  });

  it('sees the own findings and breakers alone', async () => {
    const findings = await items<FindingBody>('viewer', tenant, '/v1/findings');
    const tripped = findings.filter(({ detector }) => detector === 'cross_tenant_access');
    expect(findings.every((finding) => finding.tenant === tenant)).toBe(true);
    expect(tripped.length > 0).toBe(tenant === 'acme');
    expect(findings.map(({ detector }) => detector)).not.toContain('id_conflict');
    expect(await items('viewer', tenant, `/v1/findings?tenant=${foreign}`)).toEqual([]);
    for (const role of ['viewer', 'operator', 'broker']) {
      const breakers = await items<BreakerBody>(role, tenant, '/v1/breakers?include=closed');
      expect(breakers.map(({ key }) => key)).toEqual(
        tenant === 'acme' ? [{ tenant, kind: 'agent', id: 'invoice-bot' }] : [],
      );
      expect(await items(role, tenant, `/v1/breakers?tenant=${foreign}`)).toEqual([]);
    }
  });

  it('sees the own part of a chain that both tenants have', async () => {
    const { body } = await get<ChainBody>('viewer', tenant, `/v1/chains/${TRACE}`);
    expect(body.tenants).toEqual([tenant]);
    expect(body.steps).toHaveLength(2);
    expect(body.steps.map(({ principal }) => principal)).toContain(`${tenant}-person`);
    expect(body.findings.every((finding) => finding.tenant === tenant)).toBe(true);
    const one = await get('viewer', tenant, `/v1/chains/${ONLY_ACME}`);
    expect(one.status).toBe(tenant === 'acme' ? 200 : 404);
  });

  it('hears of the own tenant alone, on stream, feed and push', async () => {
    const trips = tenant === 'acme' ? 1 : 0;
    await eventually(
      async () => receivers.acme.keyByJti.size,
      (size) => size >= 1,
    );
    const keys = new Set(receivers[tenant].keyByJti.values());
    expect([...keys]).toEqual(tenant === 'acme' ? ['acme/agent/invoice-bot'] : []);
    const findings = streams[tenant].events<FindingBody>('finding');
    expect(findings.every((finding) => finding.tenant === tenant)).toBe(true);
    expect(streams[tenant].events<TransitionBody>('transition')).toHaveLength(trips);
    expect(feeds[tenant].events('transition')).toHaveLength(trips);
    for (const one of [streams[tenant], feeds[tenant]]) {
      // Owners of what was reached may be named; nothing else of the other tenant is.
      expect(one.text()).not.toMatch(new RegExp(`"tenant":"${foreign}"`));
    }
    const statuses = streams[tenant].events<StatusBody>('status');
    for (const status of statuses) {
      expect(status.tenants.every((one) => one.tenant === tenant)).toBe(true);
      expect([status.scope, status.ledger.seq, status.ingest.events]).toEqual(['tenants', 0, 0]);
    }
    const { body } = await get<{ tenant: string; seq: number; open: number }>(
      'broker',
      tenant,
      '/v1/breakers/snapshot',
    );
    expect(body).toMatchObject({ tenant, seq: trips, open: trips });
  });

  it('is refused whatever is about the other', async () => {
    const broker = tokenOf('broker', tenant);
    const operator = tokenOf('operator', tenant);
    const key = { tenant: foreign, kind: 'agent', id: 'invoice-bot' };
    const order = { key, level: 4, reason: 'mischief' };
    const forbidden: readonly [string, string, string, unknown?][] = [
      [broker, 'GET', `/v1/breakers/feed?tenant=${foreign}`],
      [broker, 'GET', `/v1/breakers/snapshot?tenant=${foreign}`],
      [broker, 'POST', '/v1/check', { tenant: foreign, agent: 'invoice-bot' }],
      [broker, 'POST', '/v1/breakers/ack', { key, term: 1, epoch: 1 }],
      [operator, 'POST', '/v1/breakers/trip', order],
      [
        operator,
        'POST',
        '/v1/breakers/trip',
        { ...order, key: { tenant, kind: 'global', id: 'global' }, level: 7 },
      ],
      [operator, 'POST', '/v1/breakers/reset', { key, epoch: 1, reason: 'mischief' }],
      [operator, 'POST', `/v1/tenants/${foreign}/shadow`, { reason: 'mischief' }],
      [
        operator,
        'PUT',
        '/v1/grants',
        {
          agents: [
            { tenant, agent: 'a' },
            { tenant: foreign, agent: 'b' },
          ],
        },
      ],
      [operator, 'GET', '/metrics'],
      [
        tokenOf('viewer', tenant),
        'POST',
        '/v1/breakers/trip',
        { ...order, key: { ...key, tenant } },
      ],
      [broker, 'GET', '/v1/agents'],
    ];
    for (const [token, method, path, body] of forbidden) {
      expect([path, (await call(daemon, token, method, path, body)).status]).toEqual([path, 403]);
    }
    const { body } = await call<StatusBody>(daemon, null, 'GET', '/v1/status');
    expect(body.tenants.map(({ posture }) => posture)).toEqual(['enforce', 'enforce']);
    expect(body.tenants.find((one) => one.tenant === 'globex')?.open_breakers).toBe(0);
    const agents = await items<AgentBody>('viewer', tenant, '/v1/agents');
    expect(agents.every(({ state }) => state !== 'unregistered')).toBe(true);
  });

  it('is answered by the own breakers', async () => {
    const question = { agent: 'invoice-bot', op: 'read' };
    const { body } = await call<{ allow: boolean; level: number }>(
      daemon,
      tokenOf('broker', tenant),
      'POST',
      '/v1/check',
      question,
    );
    expect(body).toMatchObject(
      tenant === 'acme' ? { allow: false, level: 5 } : { allow: true, level: 0 },
    );
    const both = await call(daemon, BOTH, 'POST', '/v1/check', { ...question, tenant });
    expect(both.body).toMatchObject({ allow: tenant === 'globex' });
  });
});

describe('a tenant claimed', () => {
  it('has pseudonyms of its own', async () => {
    const names = await Promise.all(
      TENANTS.map(async (tenant) => {
        const agents = await items<AgentBody>('viewer', tenant, '/v1/agents');
        return agents.map(({ agent }) => agent).filter((agent) => agent.startsWith('[card:'));
      }),
    );
    expect(names.map((found) => found.length)).toEqual([1, 1]);
    expect(new Set(names.flat()).size).toBe(2);
  });

  it('stays a claim where the credential says otherwise, and the mismatch is told', async () => {
    const event = eventOf('claim-1', 'claiming-bot', 'acme', { tenant: 'globex' });
    await accepted(tokenOf('broker', 'acme'), [event], 1);
    await projected();
    const agents = await items<AgentBody>('viewer', 'acme', '/v1/agents');
    expect(agents.map(({ agent }) => agent)).toContain('claiming-bot');
    const theirs = await items<AgentBody>('viewer', 'globex', '/v1/agents');
    expect(theirs.map(({ agent }) => agent)).not.toContain('claiming-bot');
    const told = await items<FindingBody>('viewer', 'acme', '/v1/findings?agent=claiming-bot');
    // Its event shares a trace with those of others, which is for cross_tenant_chain.
    const findings = told.filter(({ detector }) => detector === 'tenant_claim_mismatch');
    expect(findings).toMatchObject([
      {
        detector: 'tenant_claim_mismatch',
        tenant: 'acme',
        level: 'medium',
        evidence: { facts: { tenant: 'acme', claimed: 'globex', sender: 'broker-acme' } },
        decision: { tripped: false },
      },
    ]);
    expect(await items('viewer', 'globex', '/v1/findings?agent=claiming-bot')).toEqual([]);
    const proposed = { ...event, id: 'claim-2', phase: 'proposed' };
    const checked = await call(daemon, tokenOf('broker', 'acme'), 'POST', '/v1/check', proposed);
    expect(checked.status).toBe(200);
  });

  it('is needed, once per event, where the credential covers several', async () => {
    const named = (id: string, tenant?: string) =>
      eventOf(id, `agent-${id}`, tenant ?? 'acme', tenant === undefined ? {} : { tenant });
    const events = [
      named('b-1', 'acme'),
      named('b-2', 'globex'),
      named('b-3'),
      named('b-4', 'initech'),
    ];
    const { rejected } = await accepted(BOTH, events, 2);
    expect(rejected).toMatchObject([
      { index: 2, code: 'missing_field', path: 'tenant' },
      { index: 3, code: 'tenant_not_allowed', path: 'tenant' },
    ]);
    await projected();
    const seen = async (tenant: Tenant) =>
      (await items<AgentBody>('viewer', tenant, '/v1/agents'))
        .map(({ agent }) => agent)
        .filter((agent) => agent.startsWith('agent-b'));
    expect(await seen('acme')).toEqual(['agent-b-1']);
    expect(await seen('globex')).toEqual(['agent-b-2']);
    const unnamed = await call(daemon, BOTH, 'POST', '/v1/check', { agent: 'invoice-bot' });
    expect(unnamed.status).toBe(400);
    const feed = await ask(`${daemon.main}/v1/breakers/feed`, { token: BOTH });
    expect(feed.status).toBe(400);
    const strange = await call(daemon, BOTH, 'POST', '/v1/check', {
      agent: 'invoice-bot',
      tenant: 'initech',
    });
    expect(strange.status).toBe(403);
  });

  it('is read from spans, by the same rule', async () => {
    const spanOf = (spanId: string, tenant: string | null) => {
      const nano = `${Date.now()}000000`;
      const of = {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'read_x',
        'gen_ai.agent.id': `span-${spanId.slice(-1)}`,
        ...(tenant === null ? {} : { 'tenant.id': tenant }),
      };
      const attributes = Object.entries(of).map(([key, stringValue]) => ({
        key,
        value: { stringValue },
      }));
      return {
        traceId: 'ef'.repeat(16),
        spanId,
        name: 'execute_tool read_x',
        startTimeUnixNano: nano,
        endTimeUnixNano: nano,
        attributes,
      };
    };
    const spans = [
      spanOf('0'.repeat(15).concat('1'), 'globex'),
      spanOf('0'.repeat(15).concat('2'), null),
      spanOf('0'.repeat(15).concat('3'), 'initech'),
    ];
    const { body } = await call<{ partialSuccess: object }>(daemon, BOTH, 'POST', '/v1/traces', {
      resourceSpans: [{ scopeSpans: [{ spans }] }],
    });
    expect(body.partialSuccess).toMatchObject({ rejectedSpans: '2' });
    const theirs = await eventually(
      () => items<AgentBody>('viewer', 'globex', '/v1/agents'),
      (agents) => agents.some(({ agent }) => agent === 'span-1'),
    );
    expect(theirs.map(({ agent }) => agent)).not.toContain('span-2');
  });
});
