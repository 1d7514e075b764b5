import { describe, expect, it } from 'vitest';
import type { DetectorVerdict } from '../src/engine/detect/detector.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { SeededRandom } from '../src/engine/detect/testing/random.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import toolSpike from './tool-spike.ts';

detectorConformance(toolSpike);

const agent = scenario('acme').agent('bot');
const DAY = 1_440;

/** Minutes of about six calls, of which this share exports; returns what was told. */
function lived(run: DetectorRun, from: number, minutes: number, share: number, seed = 4) {
  const random = new SeededRandom(seed);
  const told: DetectorVerdict[] = [];
  for (let minute = from; minute < from + minutes; minute += 1) {
    for (let call = 0; call < 6; call += 1) {
      const name = random.uniform() < share ? 'export_customers' : 'read_record';
      told.push(...run.see(agent.at(minute + call / 6).calls(name)));
    }
  }
  return told;
}

describe('tool_spike', () => {
  it('tells of a rare tool that takes the place of others, the sum of calls being ordinary', () => {
    const run = new DetectorRun(toolSpike);
    expect(lived(run, 0, 3 * DAY, 0.01)).toEqual([]);
    const [first] = lived(run, 3 * DAY, 10, 0.8);
    expect(first).toMatchObject({ level: 'medium', trip: { key: 'agent', level: 1 } });
    expect(first?.title).toMatch(
      /^export_customers called \d+ times in ten minutes, [\d.]+ times the most before$/,
    );
  });

  it('says nothing of a tool that is always used in bursts', () => {
    const run = new DetectorRun(toolSpike);
    for (let day = 0; day < 5; day += 1) {
      expect(lived(run, day * DAY, 200, 0.01, day)).toEqual([]);
      expect(lived(run, day * DAY + 200, 10, day === 0 ? 0.2 : 0.4, day)).toEqual([]);
      expect(lived(run, day * DAY + 210, 1_230, 0.01, day + 50)).toEqual([]);
    }
  });

  it('says nothing of a tool it has known for less than a day', () => {
    const run = new DetectorRun(toolSpike);
    expect(lived(run, 0, 2 * DAY, 0)).toEqual([]);
    expect(lived(run, 2 * DAY, 20, 0.9)).toEqual([]);
  });

  it('keeps a bounded number of tools, whatever clocks and names come', () => {
    const run = new DetectorRun(toolSpike);
    const odd = [0, 1e9, 5, -3, 4e6];
    for (let at = 0; at < 2_000; at += 1) {
      run.see(agent.at(odd[at % odd.length] ?? 0).calls(`tool_${at}`));
    }
    expect(JSON.stringify(run.state).length).toBeLessThan(2_048);
    expect(JSON.stringify(run.state)).not.toContain('null');
  });
});
