import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createBreakerClient } from '../../client/src/index.ts';
import { createRandom } from '../../src/demo/random.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { WALL_CLOCK } from '../../src/runtime/wall-clock.ts';
import {
  receiverConfig,
  type SecurityEventReceiver,
  startSecurityEventReceiver,
} from './security-event-receiver.ts';
import { call, createWorkplace, eventually, serve, type Workplace } from './served-daemon.ts';
import { storedEventIds } from './stored-event-ids.ts';

const ROUNDS = Number(process.env['TRIPCOIL_KILL_ROUNDS'] ?? 20);
const SEED = 7;
const TOKEN = 'kill-test-token-0123456789';

describe(`kill -9 during ingest, ${ROUNDS} times`, () => {
  let workplace: Workplace | undefined;
  let receiver: SecurityEventReceiver | undefined;

  afterEach(async () => {
    receiver?.close();
    await workplace?.remove();
  });

  it('loses no event and no revocation, and tells no broker an older epoch', async () => {
    const random = createRandom(SEED);
    receiver = await startSecurityEventReceiver();
    workplace = await createWorkplace(
      `grants_file: ./grants.yaml\ntokens:\n` +
        `  - { name: broker, token: ${TOKEN}, roles: [ingest, broker], ` +
        'tenants: [acme], trust: broker }\n' +
        receiverConfig(receiver.url),
    );
    await writeFile(
      join(workplace.directory, 'grants.yaml'),
      'agents:\n  - { tenant: acme, agent: "*", tools: ["read_*"], tenants: [acme] }\n',
    );
    const acknowledged = new Set<string>();
    const offending = new Set<string>();
    const broker = rememberingBroker();
    for (let round = 0; round < ROUNDS; round += 1) {
      const daemon = await serve(workplace);
      if (round === 0) await enforce(daemon, 'acme');
      const following = broker.follow(daemon.main);
      const sending = sendUntilRefused(daemon.main, round, acknowledged, offending);
      await WALL_CLOCK.sleep(random.integer(20, 400));
      await daemon.kill();
      await sending;
      await following.close();
    }
    const last = await serve(workplace);
    const following = broker.follow(last.main);
    const untold = () => [...offending].filter((agent) => !broker.epochs.has(agent));
    await eventually(
      async () => untold().length,
      (count) => count === 0,
    );
    await following.close();
    expect(broker.regressed).toEqual([]);
    const unrevoked = () => {
      const revoked = new Set(receiver?.keyByJti.values());
      return [...offending].filter((agent) => !revoked.has(`acme/agent/${agent}`));
    };
    await eventually(
      async () => unrevoked().length,
      (count) => count === 0,
    );
    expect(await last.stop()).toBe(0);

    const directory = join(workplace.directory, 'data', 'ledger');
    expect(await verifyLedger(directory)).toMatchObject({ ok: true });
    const stored = await storedEventIds(directory);
    expect(acknowledged.size).toBeGreaterThan(ROUNDS);
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
    expect(offending.size).toBeGreaterThan(0);
    expect(unrevoked()).toEqual([]);
  }, 240_000);
});

/** A broker that comes back to each daemon, and remembers the epochs it was ever told. */
function rememberingBroker() {
  const epochs = new Map<string, number>();
  const regressed: string[] = [];
  return {
    epochs,
    regressed,
    follow: (url: string) =>
      createBreakerClient({
        url,
        token: TOKEN,
        onTrip: ({ key, epoch }) => {
          const before = epochs.get(key.id) ?? 0;
          if (epoch < before) regressed.push(`${key.id}: ${before} to ${epoch}`);
          epochs.set(key.id, epoch);
        },
      }),
  };
}

async function enforce(daemon: Awaited<ReturnType<typeof serve>>, tenant: string): Promise<void> {
  const operator = await daemon.token('local-operator');
  const body = { reason: 'the test wants trips', actor: 'test' };
  const answer = await call(daemon, operator, 'POST', `/v1/tenants/${tenant}/enforce`, body);
  expect(answer.status).toBe(200);
}

/** Four senders at once; each batch holds one cross-tenant read of an agent never seen before. */
async function sendUntilRefused(
  url: string,
  round: number,
  acknowledged: Set<string>,
  offending: Set<string>,
): Promise<void> {
  const lanes = [0, 1, 2, 3].map(async (lane) => {
    for (let batch = 0; ; batch += 1) {
      const name = `${round}-${lane}-${batch}`;
      // One offender in twenty agents: within the blast radius that automation may use.
      const events = Array.from({ length: 20 }, (_, index) =>
        eventOf(`${name}-${index}`, index === 0),
      );
      const answer = await fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify(events),
      }).catch(() => null);
      if (!answer?.ok) return;
      for (const event of events) acknowledged.add(event.id);
      offending.add(`agent-${name}-0`);
    }
  });
  await Promise.all(lanes);
}

function eventOf(id: string, offends: boolean) {
  return {
    id,
    time: Date.now(),
    agent: { id: `agent-${id}` },
    action: { name: 'read_account', op: 'read' },
    resource: { type: 'crm', id: 'account', tenant: offends ? 'globex' : 'acme' },
    outcome: { status: 'success' },
  };
}
