import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { SCENARIO_START, scenario } from '../src/engine/detect/testing/scenario.ts';
import zombieAgent from './zombie-agent.ts';

const grant = { tenant: 'acme', agent: 'bot', owners: { business: 'fin-ops' } };
detectorConformance(zombieAgent, { grant });

const DAY = 1_440;
const agent = scenario('acme').agent('bot');

describe('zombie_agent', () => {
  it('tells of an agent that is back after a long silence', () => {
    const run = new DetectorRun(zombieAgent, { grant });
    expect(run.see(agent.at(0).reads(1))).toEqual([]);
    expect(run.see(agent.at(29 * DAY).reads(1))).toEqual([]);
    const [verdict] = run.see(agent.at(60 * DAY).reads(1));
    expect(verdict).toMatchObject({
      level: 'medium',
      title: 'An agent acts again after 31 days of silence',
      trip: { key: 'agent', level: 2 },
    });
    expect(run.see(agent.at(60 * DAY + 1).reads(1))).toEqual([]);
  });

  it('waits less long where the grant names no owner', () => {
    const ownerless = { tenant: 'acme', agent: 'bot' };
    for (const [given, levels] of [
      [ownerless, ['high']],
      [grant, []],
      [null, []],
    ] as const) {
      const run = new DetectorRun(zombieAgent, { grant: given });
      run.see(agent.at(0).reads(1));
      expect(run.see(agent.at(8 * DAY).reads(1)).map(({ level }) => level)).toEqual(levels);
    }
  });

  it('tells of an expired grant', () => {
    const over = { ...grant, validUntil: SCENARIO_START + 5 * 60_000 };
    const run = new DetectorRun(zombieAgent, { grant: over });
    expect(run.see(agent.at(4).reads(1))).toEqual([]);
    expect(run.see(agent.at(5).reads(1))[0]).toMatchObject({ facts: { why: 'expired' } });
  });

  it('is not woken by a clock that goes back', () => {
    const run = new DetectorRun(zombieAgent, { grant });
    run.see(agent.at(100 * DAY).reads(1));
    expect(run.see(agent.at(1 * DAY).reads(1))).toEqual([]);
    expect(run.see(agent.at(101 * DAY).reads(1))).toEqual([]);
  });
});
