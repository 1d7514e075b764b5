import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../src/core/time.ts';
import { viewOf } from '../src/engine/baseline/baseline.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { SCENARIO_START, scenario } from '../src/engine/detect/testing/scenario.ts';
import silence from './silence.ts';

detectorConformance(silence);

const DAY = 1_440;
const agent = scenario('acme').agent('bot');
const CONFIG = silence.config.parse({});

/** Office days: a call every two minutes from eight to six. */
function worked(days: number, from = 0, run = new DetectorRun(silence)): DetectorRun {
  for (let day = from; day < from + days; day += 1)
    for (let minute = 480; minute < 1_080; minute += 2)
      run.see(agent.at(day * DAY + minute).reads(1));
  return run;
}

function asked(run: DetectorRun, minute: number) {
  const logTime = SCENARIO_START + minute * MINUTE_MS;
  const state = run.state as ReturnType<typeof silence.init>;
  return silence.quiet?.(state, {
    config: CONFIG,
    logTime,
    baseline: viewOf(run.baseline, logTime),
  });
}

describe('silence', () => {
  it('tells once of an agent that does not come back in the morning', () => {
    const run = worked(20);
    expect(asked(run, 20 * DAY + 8 * 60)).toBeNull();
    const told = [9, 10, 11, 12, 13, 14].map((hour) => asked(run, 20 * DAY + hour * 60));
    expect(told.filter(Boolean)).toHaveLength(1);
    expect(told.find(Boolean)).toMatchObject({ level: 'low', trip: null });
    expect(told.find(Boolean)?.title).toMatch(/^Silent for [\d,]+ minutes, when about \d+ calls/);
  });

  it('says nothing in its nights, and of an agent that is young', () => {
    const run = worked(20);
    for (const hour of [20, 24, 28, 31]) expect(asked(run, 19 * DAY + hour * 60)).toBeNull();
    expect(asked(worked(5), 9 * DAY)).toBeNull();
  });

  it('knows pauses that it always made', () => {
    const run = new DetectorRun(silence);
    for (let week = 0; week < 4; week += 1) worked(3, week * 7, run);
    expect(asked(run, 24 * DAY + 14 * 60)).toBeNull();
  });

  it('tells again after it was back', () => {
    const run = worked(20);
    expect(asked(run, 21 * DAY)).not.toBeNull();
    worked(10, 21, run);
    expect(asked(run, 33 * DAY)).not.toBeNull();
  });

  it('survives a clock that jumps', () => {
    const run = worked(20);
    run.see(agent.at(1e7).reads(1));
    worked(3, 20, run);
    expect(JSON.stringify(run.state)).not.toContain('null');
  });
});
