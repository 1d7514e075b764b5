import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBreakerClient } from '../../client/src/index.ts';
import { type Sink, startSink } from './http.ts';
import { eventually } from './served-daemon.ts';
import { crossing, eventOf, Site } from './site.ts';

const AGENT_TRUSTED = 'first-day-word-of-an-agent-0123';

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
    for (const detector of ['volume_spike', 'out_of_scope_access', 'cross_tenant_access']) {
      expect(verdicts[detector]?.verdict).toBe('judged');
    }
    expect(verdicts['first_seen_access']).toMatchObject({ verdict: 'blind', field: 'history' });
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

  it('returns to shadow, where what takes two persons to end stays in force', async () => {
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
    expect(await site.check({ agent: 'stranger', op: 'write' })).toMatchObject({ allow: true });
    for (const agent of ['known-bot', 'held-bot']) {
      expect(await site.check({ agent, op: 'read' })).toMatchObject({ allow: false });
    }
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
