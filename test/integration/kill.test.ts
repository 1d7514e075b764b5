import { expect, it } from 'vitest';
import { killRounds } from './kill-rounds.ts';

const KILLS = 20;

it(`kill -9, ${KILLS} times, loses no event and no revocation, and lowers no epoch`, async () => {
  const { kills, redeliveryMs } = await killRounds(KILLS, 7);
  expect(kills).toBeGreaterThanOrEqual(KILLS);
  expect(redeliveryMs.length).toBeGreaterThan(KILLS / 4);
}, 360_000);
