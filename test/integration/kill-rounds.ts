import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createBreakerClient } from '../../client/src/index.ts';
import { createRandom } from '../../src/demo/random.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { WALL_CLOCK } from '../../src/runtime/wall-clock.ts';
import {
  receiverConfig,
  type SecurityEventReceiver,
  startSecurityEventReceiver,
} from './security-event-receiver.ts';
import {
  call,
  createWorkplace,
  eventually,
  killWhileStarting,
  type ServedDaemon,
  serve,
  type Workplace,
} from './served-daemon.ts';
import { storedEventIds } from './stored-event-ids.ts';

const TOKEN = 'kill-test-token-0123456789';
/** How often a start is killed too, and a round waits until all is told before it goes on. */
const KILL_START_EVERY = 5;
const MEASURE_EVERY = 2;

export interface KillFigures {
  readonly kills: number;
  readonly acknowledgedEvents: number;
  readonly revocations: number;
  /** From listening again to the last owed revocation taken by the receiver, per measured start. */
  readonly redeliveryMs: readonly number[];
}

/**
 * Kills `serve` that many times at points of chance, during ingest, redelivery and start, and
 * throws where an event or a revocation is lost or a broker is told an older epoch.
 */
export async function killRounds(rounds: number, seed: number): Promise<KillFigures> {
  const receiver = await startSecurityEventReceiver();
  const workplace = await workplaceFor(receiver);
  try {
    return await new Rounds(workplace, receiver, seed).run(rounds);
  } finally {
    receiver.close();
    await workplace.remove();
  }
}

async function workplaceFor(receiver: SecurityEventReceiver): Promise<Workplace> {
  const workplace = await createWorkplace(
    `grants_file: ./grants.yaml\ntokens:\n` +
      `  - { name: broker, token: ${TOKEN}, roles: [ingest, broker], ` +
      'tenants: [acme], trust: broker }\n' +
      receiverConfig(receiver.url),
  );
  const grants = 'agents:\n  - { tenant: acme, agent: "*", tools: ["read_*"], tenants: [acme] }\n';
  await writeFile(join(workplace.directory, 'grants.yaml'), grants);
  return workplace;
}

class Rounds {
  readonly #workplace: Workplace;
  readonly #receiver: SecurityEventReceiver;
  readonly #random: ReturnType<typeof createRandom>;
  readonly #broker = rememberingBroker();
  /** Ids whose sender was told that they are durable. */
  readonly #acknowledged = new Set<string>();
  /** Agents that must be revoked. */
  readonly #offending = new Set<string>();
  readonly #redeliveryMs: number[] = [];
  #kills = 0;

  constructor(workplace: Workplace, receiver: SecurityEventReceiver, seed: number) {
    this.#workplace = workplace;
    this.#receiver = receiver;
    this.#random = createRandom(seed);
  }

  async run(rounds: number): Promise<KillFigures> {
    for (let round = 0; this.#kills < rounds; round += 1) await this.#round(round);
    await this.#end();
    const acknowledgedEvents = this.#acknowledged.size;
    const revocations = this.#offending.size;
    const { redeliveryMs } = { redeliveryMs: this.#redeliveryMs };
    return { kills: this.#kills, acknowledgedEvents, revocations, redeliveryMs };
  }

  async #round(round: number): Promise<void> {
    if (round % KILL_START_EVERY === KILL_START_EVERY - 1) {
      await killWhileStarting(this.#workplace, this.#random.integer(50, 1_500));
      this.#kills += 1;
    }
    const daemon = await serve(this.#workplace);
    if (round === 0) await enforce(daemon, 'acme');
    const following = this.#broker.follow(daemon.main);
    if (round % MEASURE_EVERY === 1) await this.#allTold();
    const sending = this.#sendUntilRefused(daemon.main, round);
    await WALL_CLOCK.sleep(this.#random.integer(20, 400));
    await daemon.kill();
    this.#kills += 1;
    await sending;
    await following.close();
  }

  async #end(): Promise<void> {
    const last = await serve(this.#workplace);
    const following = this.#broker.follow(last.main);
    await this.#allTold();
    await eventually(
      async () => [...this.#offending].filter((agent) => !this.#broker.epochs.has(agent)).length,
      (count) => count === 0,
    );
    await following.close();
    expect(this.#broker.regressed).toEqual([]);
    expect(await last.stop()).toBe(0);
    const directory = join(this.#workplace.directory, 'data', 'ledger');
    expect(await verifyLedger(directory)).toMatchObject({ ok: true });
    const stored = await storedEventIds(directory);
    expect(this.#acknowledged.size).toBeGreaterThan(this.#kills);
    expect([...this.#acknowledged].filter((id) => !stored.has(id))).toEqual([]);
    expect(this.#offending.size).toBeGreaterThan(0);
  }

  /** Until the receiver has taken what every offender is owed; how long that took is noted. */
  async #allTold(): Promise<void> {
    const begun = performance.now();
    await eventually(
      async () => {
        const revoked = new Set(this.#receiver.keyByJti.values());
        return [...this.#offending].filter((agent) => !revoked.has(`acme/agent/${agent}`)).length;
      },
      (count) => count === 0,
      60_000,
    );
    this.#redeliveryMs.push(performance.now() - begun);
  }

  /** Four senders at once; each batch holds one cross-tenant read of an agent never seen before. */
  async #sendUntilRefused(url: string, round: number): Promise<void> {
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
        for (const event of events) this.#acknowledged.add(event.id);
        this.#offending.add(`agent-${name}-0`);
      }
    });
    await Promise.all(lanes);
  }
}

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

async function enforce(daemon: ServedDaemon, tenant: string): Promise<void> {
  const operator = await daemon.token('local-operator');
  const body = { reason: 'the test wants trips', actor: 'test' };
  const answer = await call(daemon, operator, 'POST', `/v1/tenants/${tenant}/enforce`, body);
  expect(answer.status).toBe(200);
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
