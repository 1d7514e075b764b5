import { describe, expect, it } from 'vitest';
import { simulate } from './crash-simulation.ts';

const SEEDS = Number(process.env['TRIPCOIL_CRASH_SEEDS'] ?? 60);
const FIRST_SEED = Number(process.env['TRIPCOIL_CRASH_FIRST_SEED'] ?? 1);

describe(`${SEEDS} seeded lives with crashes, full disks and failing receivers`, () => {
  it('keep every promise', { timeout: 600_000 }, async () => {
    const totals = { crashes: 0, refused: 0, events: 0, revocations: 0, restored: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const life = await simulate(seed).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
      totals.crashes += life.crashes;
      totals.refused += life.refused;
      totals.events += life.acknowledged;
      totals.revocations += life.revocations;
      totals.restored += life.restored;
    }
    // A simulation in which nothing happens proves nothing.
    expect(totals.crashes).toBeGreaterThan(SEEDS);
    expect(totals.refused).toBeGreaterThan(SEEDS);
    expect(totals.revocations).toBeGreaterThan(SEEDS);
    expect(totals.events).toBeGreaterThan(10 * SEEDS);
    expect(totals.restored).toBeGreaterThan(SEEDS / 4);
  });

  it('go the same way for the same seed', { timeout: 60_000 }, async () => {
    for (const seed of [3, 17, 40]) {
      const first = await simulate(seed);
      expect(await simulate(seed)).toEqual(first);
      expect((await simulate(seed + 1_000)).head).not.toBe(first.head);
    }
  });
});
