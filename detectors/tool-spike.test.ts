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
      /^\d+ calls by export_customers in ten minutes, [\d.]+ times the most before$/,
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

  it('tells of records and bytes of a tool that is called no more often than ever', () => {
    for (const [measure, usual, many] of [
      ['records', 20, 4_000],
      ['bytesOut', 2_000, 40_000_000],
    ] as const) {
      const run = new DetectorRun(toolSpike);
      const hour = (from: number, size: number) => {
        const told: DetectorVerdict[] = [];
        for (let minute = from; minute < from + 60; minute += 5) {
          const others = agent.at(minute).having({ volume: { [measure]: 50 * usual } });
          told.push(...run.see(others.calls('export_customers')));
          told.push(
            ...run.see(
              agent
                .at(minute)
                .having({ volume: { [measure]: size } })
                .calls('look'),
            ),
          );
        }
        return told;
      };
      for (let at = 0; at < 3 * DAY; at += 60) expect(hour(at, usual)).toEqual([]);
      const [first] = hour(3 * DAY, many);
      expect(first?.facts).toEqual({
        tool: 'look',
        measure: measure === 'bytesOut' ? 'bytes' : measure,
      });
    }
  });

  it('takes one large read in a while for what it is', () => {
    const run = new DetectorRun(toolSpike);
    const random = new SeededRandom(7);
    const told: DetectorVerdict[] = [];
    for (let minute = 0; minute < 10 * DAY; minute += 3) {
      const records = Math.exp(3 + random.normal());
      told.push(...run.see(agent.at(minute).having({ volume: { records } }).calls('look')));
    }
    expect(told).toEqual([]);
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
