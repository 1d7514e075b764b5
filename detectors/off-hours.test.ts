import { describe, expect, it } from 'vitest';
import type { DetectorVerdict } from '../src/engine/detect/detector.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { SeededRandom } from '../src/engine/detect/testing/random.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import offHours from './off-hours.ts';

detectorConformance(offHours);

const DAY = 1_440;
const agent = scenario('acme').agent('bot');

/** Four calls in every hour that `works`, over these days. */
function lived(
  run: DetectorRun,
  from: number,
  days: number,
  works: (hour: number, day: number) => boolean,
): readonly DetectorVerdict[] {
  const seen: DetectorVerdict[] = [];
  for (let hour = from * 24; hour < (from + days) * 24; hour += 1) {
    if (!works(hour % 24, Math.floor(hour / 24))) continue;
    for (let call = 0; call < 4; call += 1)
      seen.push(...run.see(agent.at(hour * 60 + call * 10).reads(1)));
  }
  return seen;
}

const office = (hour: number, day: number) => hour >= 8 && hour < 18 && day % 7 < 5;

describe('off_hours', () => {
  it('tells of work in the night of an agent that keeps office hours', () => {
    const run = new DetectorRun(offHours);
    expect(lived(run, 0, 28, office)).toEqual([]);
    const [verdict] = lived(run, 28, 1, (hour) => hour === 2);
    expect(verdict).toMatchObject({
      level: 'medium',
      title: 'Works from 2:00 to 3:00 UTC, when it never does',
      trip: { key: 'session', level: 2 },
    });
  });

  it('tells of work on a Sunday', () => {
    const run = new DetectorRun(offHours);
    lived(run, 0, 27, office);
    const [verdict] = lived(run, 27, 1, (hour) => hour === 11);
    expect(verdict?.title).toBe('Works on Sundays, when it never does');
  });

  it('says nothing of an agent that works at any hour', () => {
    const random = new SeededRandom(31);
    expect(lived(new DetectorRun(offHours), 0, 60, () => random.uniform() < 0.2)).toEqual([]);
  });

  it('says nothing of an agent that works rarely and at any hour', () => {
    const random = new SeededRandom(37);
    const rare = lived(new DetectorRun(offHours), 0, 120, () => random.uniform() < 0.04);
    expect(rare.length).toBeLessThanOrEqual(1);
  });

  it('says nothing of an hour before or after the usual ones', () => {
    const run = new DetectorRun(offHours);
    lived(run, 0, 28, office);
    expect(lived(run, 28, 1, (hour) => hour === 7 || hour === 18)).toEqual([]);
  });

  it('learns new hours, but not from one night', () => {
    const run = new DetectorRun(offHours);
    lived(run, 0, 28, office);
    const nights = [28, 29, 30, 31].map(
      (day) => lived(run, day, 1, (hour) => hour === 2 || office(hour, day)).length,
    );
    expect(nights).toEqual([1, 1, 0, 0]);
  });

  it('does not judge before two weeks, and lets single calls be', () => {
    const run = new DetectorRun(offHours);
    expect(lived(run, 0, 13, office)).toEqual([]);
    expect(lived(run, 13, 1, (hour) => hour === 2)).toEqual([]);
    lived(run, 14, 28, office);
    expect(run.see(agent.at(42 * DAY + 120).reads(1))).toEqual([]);
  });

  it('survives a clock that jumps', () => {
    const run = new DetectorRun(offHours);
    lived(run, 0, 28, office);
    run.see(agent.at(10_000 * DAY).reads(1));
    expect(lived(run, 28, 5, office)).toEqual([]);
    expect(JSON.stringify(run.state)).not.toContain('null');
  });
});
