import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BreakerClient, createBreakerClient } from '../../client/src/index.ts';
import type { DrillBody } from '../../src/api/breaker-contract.ts';
import type { FoldedEntry } from '../../src/core/entry.ts';
import { tripcoil } from './served-daemon.ts';
import { type PushReceiver, TransmitterSite, VERIFICATION } from './ssf-site.ts';

let site: TransmitterSite;
let receiver: PushReceiver;
const clients: BreakerClient[] = [];
const folded: FoldedEntry[] = [];

beforeAll(async () => {
  site = await TransmitterSite.start();
  receiver = await site.pushReceiver();
  expect((await site.create(await site.accessToken(), receiver)).status).toBe(201);
  const { daemon } = site.own;
  daemon.host.partition.onCommitted((cycle) => folded.push(...cycle.folded));
  const verify = `${daemon.urls.main}/v1/breakers/jwks.json`;
  const token = 'gateway-token-of-16';
  clients.push(createBreakerClient({ url: daemon.urls.main, token, tenant: 'acme', verify }));
  for (const client of clients) expect(await client.ready()).toBe(true);
});

afterAll(async () => {
  for (const client of clients) await client.close();
  await site.close();
});

function drill(): ReturnType<typeof tripcoil> {
  const { main } = site.own.daemon.urls;
  const token = site.own.token('local-operator');
  const server = ['--server', main, '--token', token, '--actor', 'kim'];
  return tripcoil('breakers', 'drill', '--tenant', 'acme', ...server, '-o', 'json');
}

describe('a drill', () => {
  it('is answered by clients and streams by themselves, recorded, and opens nothing', async () => {
    const { code, stdout, stderr } = await drill();
    expect([code, stderr]).toEqual([0, '']);
    const rows = JSON.parse(stdout) as (DrillBody['points'][number] & { drill: string })[];
    expect(rows.map(({ via, status }) => [via, status])).toEqual([
      ['feed', 'acknowledged'],
      ['receiver', 'acknowledged'],
    ]);
    expect(rows.map(({ point }) => point)).toEqual(['gateway', expect.stringMatching(/^ssf:/)]);
    expect(rows.every(({ latency_ms: ms }) => ms !== null && ms >= 0)).toBe(true);
    const [first] = rows;
    expect(await receiver.event(VERIFICATION)).toMatchObject({
      events: { [VERIFICATION]: { state: first?.drill } },
    });
    expect(folded).toContainEqual(
      expect.objectContaining({
        ...{ kind: 'command', tenant: 'acme' },
        body: expect.objectContaining({ type: 'drill', actor: 'kim (local-operator)' }),
      }),
    );
    const answers = folded.filter(({ kind }) => kind === 'delivery');
    expect(answers).toHaveLength(2);
    expect(clients.map((client) => client.status().open)).toEqual([0]);
    expect(site.own.daemon.host.view.breakers('*', true)).toEqual([]);
  });

  it('fails, and says who, where a point refuses', async () => {
    receiver.answer = { status: 400, body: '{"err":"invalid_request"}' };
    const { code, stderr } = await drill();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^1 enforcement point did not answer: ssf:/);
  });
});
