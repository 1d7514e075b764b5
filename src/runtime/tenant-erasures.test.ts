import { generateKeyPairSync } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../core/time.ts';
import { START } from '../engine/testing/entries.ts';
import { testWrap } from '../ledger/testing/key-wrap.ts';
import { SimulatedFiles, seededRandom } from '../ledger/testing/simulated-files.ts';
import { openSealedLedger, type SealedLedger } from '../ledger/transparency/sealed-ledger.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { createMemoryStore } from '../store/memory/memory-store.ts';
import { startEngineHost } from './engine-host.ts';
import { Retention } from './retention.ts';
import { createTenantErasures, resumeErasures } from './tenant-erasures.ts';
import { FakeClock } from './testing/fake-clock.ts';
import {
  inputOf,
  OBEDIENT_SHARD,
  RecordingLog,
  RecordingMetrics,
  ScriptedReceiver,
  SECRET_REDACTOR,
} from './testing/fixtures.ts';
import { MemorySnapshotFiles } from './testing/memory-snapshot-files.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const DIRECTORY = '/ledger';
const ASKS = { actor: 'ann', credential: 'ann', reason: 'they left' };
const AGREES = { actor: 'bob', credential: 'bob' };

/** A whole engine on simulated files: what it loses, a power cut would lose. */
class World {
  readonly files = new SimulatedFiles(seededRandom(7));
  readonly snapshots = new MemorySnapshotFiles();
  readonly clock = new FakeClock(START);
  readonly receiver = new ScriptedReceiver();
  held: string | null = null;
  erasedSubjects = 0;

  async start(overrides: { readonly legalHolds?: readonly string[] } = {}) {
    const { files, clock } = this;
    const metrics = new RecordingMetrics();
    const log = new RecordingLog();
    const sealed = await openSealedLedger({
      directory: DIRECTORY,
      wrap: testWrap(1),
      signerOf: (tenant) => ({ name: `one.example/${tenant}`, privateKey }),
      ...{ clock, log, metrics, files },
    });
    const { ledger, erasure, seal } = sealed;
    const subjects = {
      eraseTenant: () => {
        this.erasedSubjects += 1;
        return { keys: 2, values: 3 };
      },
      anyHold: () => this.held,
    };
    await resumeErasures({ ledger, erasure, subjects, log });
    const store = createMemoryStore();
    const host = await startEngineHost({
      ...{ ledger, store, seal, log, metrics, clock },
      redactor: SECRET_REDACTOR,
      receivers: [this.receiver],
      shard: OBEDIENT_SHARD,
      snapshotDirectory: '/never',
      snapshotFiles: this.snapshots,
      software: 'test',
      tenantConfigs: new Map(),
      grants: new Map(),
      jitter: () => 1,
    });
    const erasures = createTenantErasures({
      ...{ host, erasure, redactor: SECRET_REDACTOR, subjects, store, clock, log },
      legalHolds: overrides.legalHolds ?? [],
    });
    const close = async () => {
      await host.close();
      await sealed.close();
    };
    return { sealed, host, store, erasures, close };
  }
}

type Running = Awaited<ReturnType<World['start']>>;

async function send({ host }: Running, tenant: string, id: string, trip = 0): Promise<void> {
  const event = { id, tenant: { id: tenant }, agent: { id: `bot-of-${tenant}` } };
  const attrs = trip > 0 ? { attrs: { trip } } : {};
  await host.partition.decide([inputOf({ ...event, ...attrs } as Parameters<typeof inputOf>[0])]);
}

/** The store follows the log when the clock moves. */
async function erased(world: World, { erasures }: Running, tenant = 'acme') {
  const asked = await erasures.request({ tenant, ...ASKS });
  const done = erasures.approve(asked.id, AGREES);
  let over = false;
  const settled = done.finally(() => {
    over = true;
  });
  settled.catch(() => undefined);
  while (!over) {
    await turn();
    if (world.clock.sleeping > 0) await world.clock.advance(100);
  }
  return settled;
}

async function textsOf({ ledger }: SealedLedger, tenant: string): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const batch of ledger.read(1)) {
    for (const entry of batch) if (entry.tenant === tenant) texts.push(entry.body);
  }
  return texts;
}

async function snapshotTexts(world: World, { sealed }: Running): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const [name, lines] of world.snapshots.files) {
    for (const [number, line] of lines.slice(0, -1).entries()) {
      const text = await sealed.seal.open(line, `${name} ${number}`);
      if (text !== null) texts.push(text);
    }
  }
  return texts;
}

describe('a tenant', () => {
  it('is erased by two persons, and nothing else is', async () => {
    const world = new World();
    const running = await world.start();
    const { host, erasures, sealed, store } = running;
    await send(running, 'acme', 'a1', 5);
    await send(running, 'globex', 'g1', 4);
    const asked = await erasures.request({ tenant: 'acme', ...ASKS });
    await expect(erasures.approve(asked.id, ASKS)).rejects.toMatchObject({ code: 'forbidden' });
    const before = sealed.ledger.head.seq;
    const done = await erased(world, running);
    expect(done).toMatchObject({ status: 'erased', dataKeys: 1, subjectKeys: 2, values: 3 });
    expect(done).toMatchObject({ events: 1, rowsDeleted: true });
    expect(await textsOf(sealed, 'acme')).toEqual([]);
    expect((await textsOf(sealed, 'globex')).length).toBeGreaterThan(2);
    expect(host.partition.shard.tenants.has('acme')).toBe(false);
    expect(host.partition.shard.tenants.get('globex')?.board.entries.size).toBe(1);
    expect(await store.countHolding('acme', '*')).toEqual({
      events: 0,
      findings: 0,
      transitions: 0,
    });
    expect(await store.countHolding('globex', '*')).toMatchObject({ events: 1 });
    // Nobody says of it what came before, and its epochs go on where they stopped.
    await send(running, 'acme', 'a2', 5);
    const again = host.partition.shard.tenants.get('acme');
    expect([...(again?.agents.keys() ?? [])]).toEqual(['bot-of-acme']);
    const [entry] = again?.board.entries.values() ?? [];
    expect(entry?.state.epoch).toBeGreaterThan(before);
    expect((await textsOf(sealed, 'acme')).join()).toContain('"a2"');
    await running.close();
  });

  it('is not erased under a hold, of the configuration or of one person', async () => {
    const world = new World();
    const running = await world.start({ legalHolds: ['globex'] });
    await send(running, 'acme', 'a1');
    await send(running, 'globex', 'g1');
    const { erasures } = running;
    const conflict = { code: 'conflict', message: expect.stringContaining('legal hold') };
    await expect(erasures.request({ tenant: 'globex', ...ASKS })).rejects.toMatchObject(conflict);
    const asked = await erasures.request({ tenant: 'acme', ...ASKS });
    world.held = 'a court asked';
    await expect(erasures.approve(asked.id, AGREES)).rejects.toMatchObject(conflict);
    expect((await textsOf(running.sealed, 'acme')).join()).toContain('erasure_refused');
    await expect(erasures.request({ tenant: '_system', ...ASKS })).rejects.toThrow('no tenant');
    await expect(erasures.request({ tenant: 'none', ...ASKS })).rejects.toThrow('nothing is known');
    await running.close();
  });

  it('waits for the second person no longer than an approval does', async () => {
    const world = new World();
    const running = await world.start();
    await send(running, 'acme', 'a1');
    const asked = await running.erasures.request({ tenant: 'acme', ...ASKS });
    await world.clock.leap(HOUR_MS);
    await expect(running.erasures.approve(asked.id, AGREES)).rejects.toThrow('expired');
    await running.close();
  });

  it('is gone from snapshots written before, and replay passes over it', async () => {
    const world = new World();
    let running = await world.start();
    await send(running, 'acme', 'a1', 5);
    await send(running, 'globex', 'g1', 4);
    await running.close();
    running = await world.start();
    expect((await snapshotTexts(world, running)).join()).toContain('bot-of-acme');
    await erased(world, running);
    await send(running, 'globex', 'g2', 4);
    expect((await snapshotTexts(world, running)).join()).not.toContain('bot-of-acme');
    const { shard } = running.host.partition;
    const agents = [...shard.tenants].map(([id, { agents }]) => [id, agents.size]);
    // The snapshot of before is what the next start goes on from; then none at all.
    for (const lose of [false, true]) {
      world.files.crash();
      world.files.restart();
      if (lose) world.snapshots.files.clear();
      running = await world.start();
      const now = running.host.partition.shard;
      expect([...now.tenants].map(([id, { agents }]) => [id, agents.size])).toEqual(agents);
      expect(now.erased.get('acme')).toBe(shard.erased.get('acme'));
    }
    await running.close();
    expect(await verifyLedger(DIRECTORY, { files: world.files })).toMatchObject({ ok: true });
  });
});

describe('age', () => {
  it('takes months away, and the engine starts again with snapshots and without', async () => {
    const world = new World();
    let running = await world.start();
    await send(running, 'acme', 'a1', 5);
    await send(running, 'globex', 'g1', 4);
    await world.clock.leap(100 * DAY_MS);
    await send(running, 'acme', 'a2', 5);
    await send(running, 'globex', 'g2', 4);
    const { host, sealed, store } = running;
    const keeping = new Retention({
      ...{ host, store, clock: world.clock, log: new RecordingLog() },
      retention: sealed.retention,
      policyOf: (tenant) =>
        tenant === 'acme'
          ? { evidenceDays: 30, searchDays: 30 }
          : { evidenceDays: null, searchDays: null },
      heldBecause: () => null,
    });
    await keeping.look();
    const texts = (await textsOf(sealed, 'acme')).join();
    expect(texts).not.toContain('"a1"');
    expect(texts).toContain('"a2"');
    expect((await textsOf(sealed, '_system')).join()).toContain('"expired"');
    expect((await textsOf(sealed, 'globex')).join()).toContain('"g1"');
    for (const lose of [false, true]) {
      world.files.crash();
      world.files.restart();
      if (lose) world.snapshots.files.clear();
      running = await world.start();
      const { board } = running.host.partition.shard.tenants.get('acme') ?? {};
      expect(board?.entries.size).toBe(1);
      await send(running, 'acme', `a-${lose}`, 5);
    }
    await running.close();
    expect(await verifyLedger(DIRECTORY, { files: world.files })).toMatchObject({ ok: true });
  });
});

describe('a power cut', { timeout: 60_000 }, () => {
  /** Runs an erasure with a cut at one operation; returns how many operations it took. */
  async function run(cutAt: number): Promise<number> {
    const world = new World();
    const running = await world.start();
    await send(running, 'acme', 'a1', 5);
    await send(running, 'globex', 'g1', 4);
    const from = world.files.operations;
    world.files.faults.set(from + cutAt, { kind: 'crash' });
    const outcome = await erased(world, running).catch(() => null);
    const operations = world.files.operations - from;
    if (!world.files.crashed) await send(running, 'acme', 'a2', 5).catch(() => undefined);
    world.files.crash();
    world.files.restart();
    const again = await world.start();
    const texts = (await textsOf(again.sealed, 'acme')).join();
    const { shard } = again.host.partition;
    const wasOrdered = shard.erased.has('acme');
    if (outcome !== null) expect(wasOrdered).toBe(true);
    expect(texts.includes('"a1"')).toBe(!wasOrdered);
    expect(await again.sealed.erasure.begun()).toEqual([]);
    expect((await textsOf(again.sealed, 'globex')).join()).toContain('"g1"');
    expect(shard.tenants.get('globex')?.board.entries.size).toBe(1);
    await again.close();
    expect(await verifyLedger(DIRECTORY, { files: world.files })).toMatchObject({ ok: true });
    return operations;
  }

  it('at any operation leaves all of the tenant or nothing', async () => {
    const operations = await run(0);
    expect(operations).toBeGreaterThan(15);
    for (let at = 1; at <= operations; at += 1) await run(at);
  });
});
