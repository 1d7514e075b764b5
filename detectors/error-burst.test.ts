import { describe, expect, it } from 'vitest';
import type { DetectorVerdict } from '../src/engine/detect/detector.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { SeededRandom } from '../src/engine/detect/testing/random.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import errorBurst from './error-burst.ts';

detectorConformance(errorBurst);

const agent = scenario('acme').agent('bot');

/** Minutes of four calls, of which this share fails. */
function lived(
  run: DetectorRun,
  from: number,
  minutes: number,
  share: number,
): readonly DetectorVerdict[] {
  const random = new SeededRandom(11);
  const seen: DetectorVerdict[] = [];
  for (let minute = from; minute < from + minutes; minute += 1) {
    for (let call = 0; call < 4; call += 1) {
      const status = random.uniform() < share ? 'failure' : 'success';
      seen.push(
        ...run.see(
          agent
            .at(minute + call / 5)
            .outcome(status)
            .calls('read_record'),
        ),
      );
    }
  }
  return seen;
}

describe('error_burst', () => {
  it('tells within minutes that nearly everything fails', () => {
    const run = new DetectorRun(errorBurst);
    expect(lived(run, 0, 2_000, 0.03)).toEqual([]);
    const [first] = lived(run, 2_000, 6, 0.9);
    expect(first).toMatchObject({ level: 'medium', trip: { key: 'agent', level: 1 } });
    expect(first?.title).toMatch(
      /^\d+ of \d+ calls failed in \d minutes?, usually \d(\.\d)? of 100$/,
    );
  });

  it('says nothing of an agent that always failed that often', () => {
    const run = new DetectorRun(errorBurst);
    expect(lived(run, 0, 4_000, 0.4)).toEqual([]);
  });

  it('says nothing of an agent it hardly knows', () => {
    expect(lived(new DetectorRun(errorBurst), 0, 300, 0.9)).toEqual([]);
  });

  it('counts no denial: that is for denial_burst', () => {
    const run = new DetectorRun(errorBurst);
    lived(run, 0, 2_000, 0.03);
    const denied = agent.outcome('denied');
    for (let index = 0; index < 60; index += 1)
      expect(run.see(denied.at(2_000 + index / 20).calls('read_record'))).toEqual([]);
  });

  it('names what it lacks', () => {
    const untold = agent.outcome('unknown').calls('read_record');
    expect(new DetectorRun(errorBurst).blindFor(untold)).toBe('outcome.status');
  });
});
