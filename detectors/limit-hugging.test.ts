import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { SeededRandom } from '../src/engine/detect/testing/random.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import limitHugging from './limit-hugging.ts';

const GRANT = { tenant: 'acme', agent: 'pay-bot', approval: { maxAmount: 200 } };

detectorConformance(limitHugging, { grant: GRANT });

describe('limit_hugging', () => {
  const agent = scenario('acme').agent('pay-bot').session('s-1');
  const found = (amounts: readonly number[], grant = GRANT) => {
    const run = new DetectorRun(limitHugging, { grant });
    return amounts.flatMap((value, index) => run.see(agent.at(index).pays(value)));
  };

  it('is blind without a limit', () => {
    expect(new DetectorRun(limitHugging).blindFor(agent.pays(5))).toBe('grant.approval.max_amount');
    const limited = agent.having({
      decision: { verdict: 'allow', constraints: { max_amount: 9 } },
    });
    expect(new DetectorRun(limitHugging).blindFor(limited.pays(5))).toBeNull();
  });

  it('tells of payments split to stay under the limit', () => {
    const split = Array.from({ length: 16 }, (_, index) => 199 - index);
    expect(found(split)[0]).toMatchObject({
      level: 'medium',
      actual: 12,
      typical: 6,
      trip: { key: 'agent', level: 2 },
      title: '12 amounts just under the limit of 200, 0 a little lower',
    });
  });

  it('leaves alone amounts that know nothing of the limit, for a hundred agents', () => {
    let alarms = 0;
    for (let seed = 0; seed < 100; seed += 1) {
      const random = new SeededRandom(seed);
      const amounts = Array.from({ length: 1_000 }, () => 20 * random.gamma(3));
      if (found(amounts).length > 0) alarms += 1;
    }
    // 1,000 amounts each, about a fortieth of them near the limit: one alarm in 40 such agents.
    expect(alarms).toBeLessThanOrEqual(3);
  });

  it('takes a fixed price for one fact, and amounts above the limit for none', () => {
    expect(found(Array<number>(100).fill(195))).toEqual([]);
    expect(found(Array.from({ length: 100 }, (_, index) => 201 + index))).toEqual([]);
    expect(found([Number.NaN, Number.POSITIVE_INFINITY, -1])).toEqual([]);
  });

  it('begins anew with another limit', () => {
    const run = new DetectorRun(limitHugging);
    const verdicts = Array.from({ length: 40 }, (_, index) => {
      const constraints = { max_amount: 100 + (index % 2) };
      const event = agent.having({ decision: { verdict: 'allow', constraints } });
      return run.see(event.pays(99 - index / 50));
    });
    expect(verdicts.flat()).toEqual([]);
  });
});
