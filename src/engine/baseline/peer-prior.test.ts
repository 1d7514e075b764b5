import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../core/time.ts';
import { SeededRandom } from '../detect/testing/random.ts';
import { type BaselineState, createBaselineState, observeBaseline, viewOf } from './baseline.ts';
import { priorOf } from './peer-prior.ts';

const DAY = 1_440;

function worked(rate: number, seed: number, days = 2): BaselineState {
  const state = createBaselineState();
  const random = new SeededRandom(seed);
  for (let minute = 0; minute < days * DAY; minute += 1) {
    const calls = random.poisson(rate);
    const sizes = { calls, records: 0, bytes: 0, tokens: 0 };
    if (calls > 0) observeBaseline(state, sizes, minute * MINUTE_MS, { learn: true });
  }
  return state;
}

describe('the prior of a peer group', () => {
  it('is the rate of a typical peer, one unlike the others aside', () => {
    const peers = [worked(8, 1), worked(9, 2), worked(10, 3), worked(9, 4), worked(25, 5)];
    const prior = priorOf(peers)?.calls;
    expect(prior?.hours[12]).toBeGreaterThan(7);
    expect(prior?.hours[12]).toBeLessThan(12);
    expect(priorOf(peers)?.records).toBeUndefined();
  });

  it('is nothing for two peers, for peers without a day, and for peers all unlike', () => {
    expect(priorOf([worked(8, 1), worked(9, 2)])).toBeNull();
    expect(priorOf([worked(8, 1, 0.5), worked(9, 2, 0.5), worked(9, 3, 0.5)])).toBeNull();
    expect(priorOf([worked(0.5, 1), worked(8, 2), worked(90, 3)])).toBeNull();
  });

  it('stands in for a history until there is a day of it, and is then forgotten', () => {
    const prior = priorOf([worked(8, 1), worked(9, 2), worked(10, 3)]);
    const state = createBaselineState(prior);
    const act = (minute: number) =>
      observeBaseline(state, { calls: 9, records: 0, bytes: 0, tokens: 0 }, minute * MINUTE_MS, {
        learn: true,
      });
    act(3 * DAY);
    const first = viewOf(state, 3 * DAY * MINUTE_MS);
    expect(first.isBorrowed).toBe(true);
    expect(first.compare('calls', MINUTE_MS).typical).toBeGreaterThan(6);
    for (let minute = 1; minute <= DAY + 1; minute += 1) act(3 * DAY + minute);
    expect(viewOf(state, 4 * DAY * MINUTE_MS).isBorrowed).toBe(false);
    expect(state.peers).toBeNull();
  });
});
