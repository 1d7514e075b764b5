import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import slowDrip from './slow-drip.ts';

detectorConformance(slowDrip);

const DAY = 1_440;
const agent = scenario('acme').agent('report-bot');

/** An agent that reads 24 times a day, `records(day)` in all. */
function lived(days: number, records: (day: number) => number, run = new DetectorRun(slowDrip)) {
  const seen = [];
  for (let hour = 0; hour < days * 24; hour += 1) {
    const event = agent.at(hour * 60 + 7).reads(Math.round(records(hour / 24) / 24));
    seen.push(...run.see(event).map((verdict) => ({ ...verdict, day: hour / 24 })));
  }
  return seen;
}

describe('slow_drip', () => {
  it.each([0.02, 0.05, 0.1])('tells growth of %d a day once, before it is 2.5-fold', (slope) => {
    const told = lived(
      14 + Math.ceil(Math.log(2.6) / Math.log(1 + slope)),
      (day) => 2_400 * (1 + slope) ** Math.max(0, day - 14),
    );
    expect(told).toHaveLength(1);
    const [first] = told;
    expect(first?.level).toBe('high');
    expect(first?.trip).toBeNull();
    expect((1 + slope) ** ((first?.day ?? Infinity) - 14)).toBeLessThan(2.5);
    expect(first?.title).toMatch(/^[\d,]+ records in 24 hours, grown to 2\.\d times [\d,]+$/);
  });

  it('leaves alone what is steady, and one day that stands out', () => {
    expect(lived(40, (day) => (Math.floor(day) === 25 ? 12_000 : 2_400))).toEqual([]);
  });

  it('leaves alone days that always differed that much', () => {
    expect(lived(60, (day) => 1_000 * (1 + 3 * ((Math.floor(day) * 7) % 5)))).toEqual([]);
  });

  it('says nothing below the floor', () => {
    expect(lived(50, (day) => 48 * 1.03 ** Math.max(0, day - 14))).toEqual([]);
  });

  it('says nothing for a proposal', () => {
    const run = new DetectorRun(slowDrip);
    expect(run.see(agent.at(40 * DAY).reads(5), { counted: false })).toEqual([]);
  });
});
