import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBreakerClient } from '../../client/src/index.ts';
import type {
  AgentBody,
  BreakerBody,
  FindingBody,
  PageBody,
  StatusBody,
} from '../../src/api/contract.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { type Sink, startSink } from './http.ts';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  tripcoil,
  type Workplace,
} from './served-daemon.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const AGENT_TRUSTED = 'first-day-word-of-an-agent-0123';

function eventOf(id: string, agent: string, more: object = {}) {
  return {
    id,
    time: Date.now(),
    agent: { id: agent },
    action: { name: 'read_account', op: 'read' },
    outcome: { status: 'success' },
    ...more,
  };
}

const crossing = (id: string, agent: string) =>
  eventOf(id, agent, { resource: { type: 'crm', id: 'a', tenant: 'globex' } });

/** A daemon's life in one data directory, with the CLI pointed at it. */
class Site {
  readonly workplace: Workplace;
  daemon: ServedDaemon;

  constructor(workplace: Workplace, daemon: ServedDaemon) {
    this.workplace = workplace;
    this.daemon = daemon;
  }

  static async open(extra = ''): Promise<Site> {
    const workplace = await createWorkplace(extra);
    return new Site(workplace, await serve(workplace));
  }

  get data(): string {
    return join(this.workplace.directory, 'data');
  }

  async start(): Promise<void> {
    this.daemon = await serve(this.workplace);
  }

  async close(): Promise<void> {
    await this.daemon.stop();
    await this.workplace.remove();
  }

  cli(...words: readonly string[]) {
    return tripcoil(...words, '--server', this.daemon.main, '--data-directory', this.data);
  }

  async send(events: readonly object[], path = '/v1/events', token?: string) {
    const name = path === '/v1/history' ? 'local-operator' : 'local-ingest';
    const given = token ?? (await this.daemon.token(name));
    const answer = await call<{ accepted: number }>(this.daemon, given, 'POST', path, events);
    if (answer.status === 200) expect(answer.body.accepted).toBe(events.length);
    return answer.status;
  }

  async order<Body>(path: string, body: object) {
    const operator = await this.daemon.token('local-operator');
    const answer = await call<Body>(this.daemon, operator, 'POST', path, {
      reason: 'test',
      ...body,
    });
    expect(answer.status).toBe(200);
    return answer.body;
  }

  async grant(agents: readonly object[]): Promise<void> {
    const operator = await this.daemon.token('local-operator');
    const { status } = await call(this.daemon, operator, 'PUT', '/v1/grants', { agents });
    expect(status).toBe(200);
  }

  async check(question: object) {
    const broker = await this.daemon.token('local-broker');
    const answer = await call<{ allow: boolean; level: number }>(
      this.daemon,
      broker,
      'POST',
      '/v1/check',
      question,
    );
    expect(answer.status).toBe(200);
    return answer.body;
  }

  async findings(agent: string): Promise<readonly FindingBody[]> {
    await this.projected();
    const path = `/v1/findings?agent=${agent}`;
    return (await call<PageBody<FindingBody>>(this.daemon, null, 'GET', path)).body.items;
  }

  async breakers(): Promise<readonly BreakerBody[]> {
    return (await call<PageBody<BreakerBody>>(this.daemon, null, 'GET', '/v1/breakers')).body.items;
  }

  async agent(agent: string): Promise<AgentBody> {
    return eventually(
      async () =>
        (await call<AgentBody>(this.daemon, null, 'GET', `/v1/agents/default/${agent}`)).body,
      (body) => body.agent === agent,
    );
  }

  async status(): Promise<StatusBody> {
    return (await call<StatusBody>(this.daemon, null, 'GET', '/v1/status')).body;
  }

  async says(words: RegExp): Promise<void> {
    await eventually(
      async () => this.daemon.said.join('\n'),
      (said) => words.test(said),
    );
  }

  async projected(): Promise<void> {
    await eventually(
      () => this.status(),
      ({ store, ledger }) => store.projected_seq === ledger.seq,
    );
  }
}

describe('a fresh daemon', () => {
  let site: Site;
  let webhook: Sink;

  beforeAll(async () => {
    webhook = await startSink();
    site = await Site.open(`tokens:
  - { name: agent, token: ${AGENT_TRUSTED}, roles: [ingest], tenants: [default] }
alerts: { webhook: { url: "${webhook.url}/hook" } }
`);
  });

  afterAll(async () => {
    await site?.close();
    webhook?.close();
  });

  it('shadows every tenant, and says what it would have done', async () => {
    await site.says(/shadow: every tenant is scored but nothing trips/);
    await site.grant([{ tenant: 'default', agent: 'known-*' }]);
    await site.send([crossing('s-1', 'known-bot'), crossing('s-2', 'stranger')]);
    const [known] = await site.findings('known-bot');
    const [stranger] = await site.findings('stranger');
    const key = { tenant: 'default', kind: 'agent', id: 'known-bot' };
    expect(known?.decision).toEqual({ tripped: false, why: 'shadow', would: { key, level: 5 } });
    expect(stranger?.decision).toMatchObject({
      tripped: false,
      why: 'shadow',
      would: { level: 2 },
    });
    expect(await site.breakers()).toEqual([]);
    const [tenant] = (await site.status()).tenants;
    expect(tenant).toMatchObject({ posture: 'shadow', would_have_tripped: 2, open_breakers: 0 });
    expect(await site.check({ agent: 'known-bot', op: 'write' })).toMatchObject({ allow: true });
  });

  it('says for each agent what a detector cannot judge, and what would cure it', async () => {
    await site.send([eventOf('c-1', 'blind-bot', { resource: { type: 'crm', id: 'a' } })]);
    const coverageOf = async (agent: string) =>
      Object.fromEntries((await site.agent(agent)).coverage.map((one) => [one.detector, one]));
    expect((await site.agent('blind-bot')).state).toBe('unregistered');
    expect(await coverageOf('blind-bot')).toMatchObject({
      volume_spike: { verdict: 'judged' },
      out_of_scope_access: {
        verdict: 'blind',
        field: 'scopes.granted',
        cure: expect.stringContaining('PUT /v1/grants'),
      },
      cross_tenant_access: {
        verdict: 'blind',
        field: 'resource.tenant',
        cure: expect.stringContaining('resource.tenant'),
      },
    });
    const cured = {
      resource: { type: 'crm', id: 'a', tenant: 'default' },
      scopes: { granted: ['crm'] },
    };
    await site.send([eventOf('c-2', 'blind-bot', cured)]);
    const verdicts = await eventually(
      () => coverageOf('blind-bot'),
      (coverage) => coverage['cross_tenant_access']?.verdict === 'judged',
    );
    expect(Object.values(verdicts).map(({ verdict }) => verdict)).toEqual([
      'judged',
      'judged',
      'judged',
    ]);
  });

  it('lets a named person trip all the same, and that holds', async () => {
    const key = { tenant: 'default', kind: 'agent', id: 'held-bot' };
    await site.order('/v1/breakers/trip', { key, level: 4, actor: 'kim' });
    expect(await site.check({ agent: 'held-bot', op: 'read' })).toMatchObject({
      allow: false,
      level: 4,
    });
    const [breaker] = await site.breakers();
    expect(breaker).toMatchObject({ key, phase: 'isolated', class: 'operator', closes_at: null });
    const [tenant] = (await site.status()).tenants;
    expect(tenant?.posture).toBe('shadow');
  });

  it('tells by the webhook of what a person tripped', async () => {
    const alerts = await alertsOf(webhook, 'breaker.transition');
    expect(alerts[0]?.data).toMatchObject({ key: { id: 'held-bot' }, to: 'isolated', level: 4 });
  });

  it('is promoted by a person who has seen what would have tripped', async () => {
    const dry = await site.cli('enforce', '--tenant', 'default', '--dry-run');
    expect(dry).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('would have tripped 2 times'),
    });
    expect(dry.stdout).toMatch(/known-bot +cross_tenant_access/);
    expect((await site.status()).tenants[0]?.posture).toBe('shadow');
    const unreasoned = await site.cli('enforce', '--tenant', 'default');
    expect(unreasoned).toMatchObject({ code: 64, stderr: expect.stringContaining('--reason') });
    expect((await site.status()).tenants[0]?.posture).toBe('shadow');
    const real = await site.cli('enforce', '--tenant', 'default', '--reason', 'looks sane');
    expect(real).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('enforced from now on'),
    });
    expect((await site.status()).tenants[0]).toMatchObject({
      posture: 'enforce',
      would_have_tripped: 0,
    });
  });

  it('then trips, no further than the evidence is trusted', async () => {
    await site.send([crossing('t-1', 'known-bot'), crossing('t-2', 'stranger')]);
    await site.send([crossing('t-3', 'known-liar')], '/v1/events', AGENT_TRUSTED);
    const tripped = await eventually(
      () => site.breakers(),
      (breakers) => breakers.length === 4,
    );
    const levels = Object.fromEntries(tripped.map(({ key, level }) => [key.id, level]));
    expect(levels).toEqual({ 'held-bot': 4, 'known-bot': 5, stranger: 2, 'known-liar': 2 });
    expect(await site.check({ agent: 'known-bot', op: 'read' })).toMatchObject({ allow: false });
    expect(await site.check({ agent: 'stranger', op: 'read' })).toMatchObject({ allow: true });
    expect(await site.check({ agent: 'stranger', op: 'write' })).toMatchObject({ allow: false });
    const alerts = await alertsOf(webhook, 'breaker.transition', 4);
    expect(alerts.map(({ data }) => data.key?.id)).toContain('known-bot');
  });

  it.each(['stop', 'kill'] as const)(
    'keeps posture, breakers and agents over a %s',
    async (end) => {
      const sorted = async () =>
        (await site.breakers())
          .map(({ term: _term, ...rest }) => rest)
          .sort((a, b) => (a.key.id < b.key.id ? -1 : 1));
      const before = await sorted();
      const agent = await site.agent('known-bot');
      await site.daemon[end]();
      await site.start();
      expect(await sorted()).toEqual(before);
      await site.says(/send spans of tenant/);
      expect(site.daemon.said.join('\n')).not.toMatch(/shadow:/);
      const { risk: _before, risk_parts: _parts, ...kept } = agent;
      expect(await site.agent('known-bot')).toMatchObject(kept);
      expect(await site.check({ agent: 'known-bot', op: 'read' })).toMatchObject({ allow: false });
    },
  );

  it('returns to shadow, where open breakers stay', async () => {
    const { code, stderr } = await site.cli(
      'shadow',
      '--tenant',
      'default',
      '--reason',
      'too early',
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('is in shadow')]);
    await site.send([crossing('u-1', 'known-other')]);
    const [finding] = await site.findings('known-other');
    expect(finding?.decision).toMatchObject({ tripped: false, why: 'shadow' });
    expect(await site.breakers()).toHaveLength(4);
    expect(await site.check({ agent: 'known-bot', op: 'write' })).toMatchObject({ allow: true });
    expect(await site.check({ agent: 'held-bot', op: 'read' })).toMatchObject({ allow: false });
  });
});

interface Alert {
  readonly type: string;
  readonly data: { readonly key?: { readonly id: string }; readonly level?: number };
}

async function alertsOf(webhook: Sink, type: string, count = 1): Promise<readonly Alert[]> {
  return eventually(
    async () =>
      webhook.bodies
        .map((body) => JSON.parse(body.toString()) as Alert)
        .filter((alert) => alert.type === type),
    (alerts) => alerts.length >= count,
  );
}

describe('a client of a shadow tenant', () => {
  it('never blocks, not even when the daemon is gone; what a person held stays held', async () => {
    const site = await Site.open();
    const client = createBreakerClient({
      url: site.daemon.main,
      token: await site.daemon.token('local-broker'),
      maxStaleMs: 200,
    });
    try {
      expect(await client.ready()).toBe(true);
      await site.send([crossing('x-1', 'any-bot')]);
      const key = { tenant: 'default', kind: 'agent', id: 'held-bot' };
      await site.order('/v1/breakers/trip', { key, level: 5 });
      await eventually(
        async () => client.status().open,
        (open) => open === 1,
      );
      const ask = (agent: string) => client.check({ agent, op: 'write' }).allow;
      expect([ask('any-bot'), ask('held-bot')]).toEqual([true, false]);
      await site.daemon.kill();
      await eventually(
        async () => client.status().state,
        (state) => state === 'lost',
      );
      expect(client.status().posture).toBe('shadow');
      expect([ask('any-bot'), ask('nobody'), ask('held-bot')]).toEqual([true, true, false]);
    } finally {
      await client.close();
      await site.close();
    }
  });
});

/** Two weeks of a steady agent: some reads each hour, ten records each. */
function historyOf(agent: string, until: number): readonly object[] {
  const events: object[] = [];
  for (let hour = 14 * 24; hour > 0; hour -= 1) {
    for (let call = 0; call < 4; call += 1) {
      const time = until - hour * HOUR_MS + call * 12 * 60_000;
      events.push(
        eventOf(`${agent}-${hour}-${call}`, agent, { time, volume: { records: 10 + call } }),
      );
    }
  }
  // Would trip on a live event; history teaches and nothing else.
  events.push({ ...crossing(`${agent}-crossing`, agent), time: until - 3 * HOUR_MS });
  return events;
}

describe('history', () => {
  let site: Site;
  let file: string;

  beforeAll(async () => {
    site = await Site.open();
    await site.grant([{ tenant: 'default', agent: '*' }]);
    await site.order('/v1/tenants/default/enforce', {});
    file = join(site.workplace.directory, 'history.ndjson');
    const lines = historyOf('imported-bot', Date.now()).map((event) => JSON.stringify(event));
    await writeFile(file, [...lines, '{"id":"broken"}'].join('\n'));
  });

  afterAll(() => site?.close());

  it('cannot be imported into a directory that a daemon writes', async () => {
    const { code, stderr } = await tripcoil(
      'import',
      '--history',
      file,
      '-c',
      site.workplace.configFile,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('ledger_locked');
    expect(stderr).toContain(String(site.daemon.process.pid));
  });

  it('seeds baselines by event time while the daemon is stopped, and trips nothing', async () => {
    await site.daemon.stop();
    const { code, stderr } = await tripcoil(
      'import',
      '--history',
      file,
      '-c',
      site.workplace.configFile,
    );
    expect(stderr).toMatch(/learned from 1345 events of 1 agents?; 1 were refused/);
    expect(code).toBe(0);
    await site.start();
    await judgesBy('imported-bot');
  });

  it('is also taken by a running daemon, from an operator alone', async () => {
    const events = historyOf('posted-bot', Date.now());
    expect(await site.send(events, '/v1/history', await site.daemon.token('local-ingest'))).toBe(
      403,
    );
    expect(await site.send(events, '/v1/history', await site.daemon.token('local-broker'))).toBe(
      403,
    );
    await site.projected();
    const absent = await call(site.daemon, null, 'GET', '/v1/agents/default/posted-bot');
    expect(absent.status).toBe(404);
    // The local operator covers every tenant, so each event names its own.
    expect(
      await site.send(
        events.map((event) => ({ ...event, tenant: 'default' })),
        '/v1/history',
      ),
    ).toBe(200);
    await judgesBy('posted-bot');
  });

  it('stays learned over a restart', async () => {
    const before = await site.agent('imported-bot');
    await site.daemon.kill();
    await site.start();
    const after = await site.agent('imported-bot');
    expect(after.baseline_age_ms).toBe(before.baseline_age_ms);
    expect(after.calls).toBe(before.calls);
  });

  /** That the agent has learned, caused nothing while it did, and is now judged by it. */
  async function judgesBy(agent: string): Promise<void> {
    const learned = await site.agent(agent);
    expect(learned.calls).toBe(1_345);
    expect(learned.baseline_age_ms).toBeGreaterThan(13 * DAY_MS);
    expect(learned.state).toBe('normal');
    expect(learned.risk).toBe(0);
    expect(await site.findings(agent)).toEqual([]);
    expect((await site.breakers()).filter(({ key }) => key.id === agent)).toEqual([]);
    await site.send([eventOf(`${agent}-spike`, agent, { volume: { records: 40_000 } })]);
    const [spike] = await site.findings(agent);
    expect(spike).toMatchObject({ detector: 'volume_spike', actual: 40_000 });
    expect(spike?.typical).toBeLessThan(200);
    expect(spike?.decision.tripped).toBe(true);
  }
});

describe('a process', () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.open();
  });

  afterAll(() => site?.close());

  it('is the only one in its data directory', async () => {
    const second = await tripcoil('serve', '-c', site.workplace.configFile);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('ledger_locked');
    expect(second.stderr).toContain(`Process ${site.daemon.process.pid} `);
    expect(await site.send([eventOf('p-1', 'still-bot')])).toBe(200);
  });

  it('says which port is taken, and leaves nothing behind', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const workplace = await createWorkplace();
    for (const key of ['listen', 'otlp']) {
      const text = await readFile(workplace.configFile, 'utf8');
      const config = text.replace(`${key}: { port: 0 }`, `${key}: { port: ${port} }`);
      const file = join(workplace.directory, `${key}.yaml`);
      await writeFile(file, config);
      const { code, stderr } = await tripcoil('serve', '-c', file);
      expect(code).toBe(78);
      expect(stderr).toContain(`port ${port} on 127.0.0.1 is taken`);
      expect(stderr).toContain(`${key}.port`);
    }
    squatter.close();
    const free = await serve(workplace);
    expect(await free.stop()).toBe(0);
    await workplace.remove();
  });

  it('is verified while it runs', async () => {
    const sending = Promise.all(
      Array.from({ length: 20 }, (_, index) => site.send([eventOf(`v-${index}`, 'verified-bot')])),
    );
    const { code, stdout } = await tripcoil('verify', site.data);
    await sending;
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^intact: \d+ entries/)]);
  });

  it('ends with 0 at SIGTERM, in time, with everything accepted durable', async () => {
    const accepted = new Set<string>();
    const lanes = [0, 1, 2, 3].map(async (lane) => {
      const token = await site.daemon.token('local-ingest');
      for (let batch = 0; ; batch += 1) {
        const ids = Array.from({ length: 25 }, (_, index) => `term-${lane}-${batch}-${index}`);
        const events = ids.map((id) => eventOf(id, `term-bot-${lane}`));
        const answer = await call<{ accepted: number }>(
          site.daemon,
          token,
          'POST',
          '/v1/events',
          events,
        ).catch(() => null);
        if (answer?.status !== 200) return;
        expect(answer.body.accepted).toBe(25);
        for (const id of ids) accepted.add(id);
      }
    });
    await eventually(
      async () => accepted.size,
      (size) => size > 500,
    );
    const started = performance.now();
    expect(await site.daemon.stop()).toBe(0);
    // Well before the grace time, so that the end was a clean one.
    expect(performance.now() - started).toBeLessThan(LIMITS.shutdownGraceMs / 2);
    await site.says(/ledger closed/);
    await Promise.all(lanes);
    const wal = join(site.data, 'ledger', 'wal');
    const written = await Promise.all(
      (await readdir(wal)).map((name) => readFile(join(wal, name), 'utf8')),
    );
    const stored = new Set(written.join('').match(/term-\d+-\d+-\d+/g));
    expect([...accepted].filter((id) => !stored.has(id))).toEqual([]);
  });

  it('left a ledger in which one flipped byte is found', async () => {
    expect((await tripcoil('verify', site.data)).code).toBe(0);
    const wal = join(site.data, 'ledger', 'wal');
    const [name = ''] = (await readdir(wal)).sort();
    const path = join(wal, name);
    const bytes = await readFile(path);
    const at = Math.floor((await stat(path)).size / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const { code, stderr } = await tripcoil('verify', site.data);
    expect(code).toBe(6);
    expect(stderr).toContain(name);
    const served = await tripcoil('serve', '-c', site.workplace.configFile);
    expect(served.code).toBe(1);
    expect(served.stderr).toContain('ledger_corrupt');
  });
});
