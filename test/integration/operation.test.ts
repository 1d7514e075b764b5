import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { call, createWorkplace, eventually, serve, tripcoil } from './served-daemon.ts';
import { crossing, eventOf, Site } from './site.ts';
import { storedEventIds } from './stored-event-ids.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

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
    const before = Date.UTC(2020, 0, 1);
    const ancient = ['a', 'b'].map((id) => eventOf(id, 'ancient-bot', { time: before }));
    const events = [...historyOf('imported-bot', Date.now()), ...ancient];
    const lines = events.map((event) => JSON.stringify(event));
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
    expect(stderr).toContain('learned from 1345 events of 1 agents; 3 were refused');
    expect(stderr).toMatch(/ndjson:1346: time: history reaches back 400 days.* \(and 1 more\)/);
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
    const told = await site.findings(agent);
    const spike = told.find(({ detector }) => detector === 'volume_spike');
    expect(spike).toMatchObject({ actual: 40_000 });
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
    const stored = await storedEventIds(join(site.data, 'ledger'));
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
