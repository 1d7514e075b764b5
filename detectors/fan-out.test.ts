import { describe, expect, it } from 'vitest';
import type { DetectorVerdict } from '../src/engine/detect/detector.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import fanOut from './fan-out.ts';

detectorConformance(fanOut);

const DAY = 1_440;
const agent = scenario('acme').agent('bot');

/** Each ten minutes, one call in each of `sessions(window)` sessions. */
function lived(
  run: DetectorRun,
  from: number,
  minutes: number,
  sessions: (window: number) => number,
): readonly DetectorVerdict[] {
  const seen: DetectorVerdict[] = [];
  for (let minute = from; minute < from + minutes; minute += 10) {
    const count = sessions(minute / 10);
    for (let index = 0; index < count; index += 1) {
      const step = agent.at(minute + (9 * index) / count).session(`s-${minute}-${index}`);
      seen.push(...run.see(step.reads(1)));
    }
  }
  return seen;
}

const usual = (window: number) => 2 + (window % 5);

describe('fan_out', () => {
  it('tells of many more sessions at once than ever', () => {
    const run = new DetectorRun(fanOut);
    expect(lived(run, 0, 2 * DAY, usual)).toEqual([]);
    const [verdict] = lived(run, 2 * DAY, 10, () => 60);
    expect(verdict).toMatchObject({ level: 'high', trip: { key: 'agent', level: 1 } });
    expect(verdict?.title).toMatch(/^About 2\d sessions within 10 minutes, never more than [67]$/);
  });

  it('says nothing of an agent that always had many', () => {
    const run = new DetectorRun(fanOut);
    expect(lived(run, 0, 2 * DAY, (window) => 10 * usual(window))).toEqual([]);
  });

  it('says nothing in its first day', () => {
    expect(lived(new DetectorRun(fanOut), 0, DAY / 2, () => 80)).toEqual([]);
  });

  it('counts different hand-overs', () => {
    const run = new DetectorRun(fanOut);
    lived(run, 0, 2 * DAY, usual);
    const seen = Array.from({ length: 30 }, (_, index) => {
      const step = agent.at(2 * DAY + index / 10).having({ kind: 'delegation' });
      return run.see(step.on('agent', `worker-${index}`).calls('delegate', 'execute'));
    }).flat();
    expect(seen[0]).toMatchObject({ facts: { kind: 'delegates' } });
  });

  it('lets one incident teach little', () => {
    const run = new DetectorRun(fanOut);
    lived(run, 0, 2 * DAY, usual);
    lived(run, 2 * DAY, 10, () => 200);
    expect(lived(run, 2 * DAY + 10, 10, () => 200)).not.toEqual([]);
  });

  it('goes on after a clock that was ahead', () => {
    const run = new DetectorRun(fanOut);
    lived(run, 0, 2 * DAY, usual);
    run.see(agent.at(1e8).session('s').reads(1));
    expect(lived(run, 2 * DAY, 10, () => 60)).not.toEqual([]);
  });

  it('names what it lacks', () => {
    expect(new DetectorRun(fanOut).blindFor(agent.reads(1))).toBe('session.id');
  });
});
