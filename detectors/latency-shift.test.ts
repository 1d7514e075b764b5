import { describe, expect, it } from 'vitest';
import type { DetectorVerdict } from '../src/engine/detect/detector.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { SeededRandom } from '../src/engine/detect/testing/random.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import latencyShift from './latency-shift.ts';

detectorConformance(latencyShift);

const agent = scenario('acme').agent('bot');

/** Two tools, one fast and one slow; log-normal latencies times `slower(minute)`. */
function lived(
  run: DetectorRun,
  from: number,
  minutes: number,
  slower: (minute: number) => number,
): readonly DetectorVerdict[] {
  const random = new SeededRandom(29);
  const seen: DetectorVerdict[] = [];
  for (let minute = from; minute < from + minutes; minute += 1) {
    for (let call = 0; call < 4; call += 1) {
      const middle = call % 2 === 0 ? 40 : 2_000;
      const latencyMs = middle * Math.exp(0.5 * random.normal()) * slower(minute);
      const step = agent.at(minute + call / 5).having({ latencyMs });
      seen.push(...run.see(step.calls(call % 2 === 0 ? 'lookup' : 'report')));
    }
  }
  return seen;
}

describe('latency_shift', () => {
  it('tells within minutes that calls take five times as long', () => {
    const run = new DetectorRun(latencyShift);
    expect(lived(run, 0, 3_000, () => 1)).toEqual([]);
    const [first] = lived(run, 3_000, 15, () => 5);
    expect(first).toMatchObject({ level: 'medium', trip: null });
    expect(first?.title).toMatch(/^Calls take [\d.]+ times as long as they used to, for \d+ min/);
  });

  it('leaves alone single calls that take for ever', () => {
    const run = new DetectorRun(latencyShift);
    expect(lived(run, 0, 5_000, (minute) => (minute % 50 === 0 ? 1_000 : 1))).toEqual([]);
  });

  it('leaves alone what gets a little slower', () => {
    const run = new DetectorRun(latencyShift);
    lived(run, 0, 3_000, () => 1);
    expect(lived(run, 3_000, 300, () => 1.3)).toEqual([]);
  });

  it.each([Number.NaN, -5, Number.POSITIVE_INFINITY])('is not moved by %d', (latencyMs) => {
    const run = new DetectorRun(latencyShift);
    lived(run, 0, 200, () => 1);
    const before = JSON.stringify(run.state);
    expect(run.see(agent.at(200).having({ latencyMs }).calls('lookup'))).toEqual([]);
    expect(JSON.stringify(run.state)).toBe(before);
  });

  it('names what it lacks', () => {
    expect(new DetectorRun(latencyShift).blindFor(agent.reads(1))).toBe('latency_ms');
  });
});
