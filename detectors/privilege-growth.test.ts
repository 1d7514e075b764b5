import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import privilegeGrowth from './privilege-growth.ts';

detectorConformance(privilegeGrowth);

const DAY = 1_440;
const agent = scenario('acme').agent('bot');

/** An agent that for three weeks wrote with four tools. */
function settled(surroundings = {}): DetectorRun {
  const run = new DetectorRun(privilegeGrowth, surroundings);
  for (let day = 0; day < 21; day += 1)
    for (const tool of ['send_email', 'update_record', 'close_ticket', 'add_note'])
      expect(run.see(agent.at(day * DAY).writes(tool))).toEqual([]);
  return run;
}

const grown = (run: DetectorRun, count: number, everyDays = 1) =>
  Array.from({ length: count }, (_, index) =>
    run.see(agent.at((21 + index * everyDays) * DAY).writes(`grant_role_${index}`)),
  ).flat();

describe('privilege_growth', () => {
  it('tells when many new rights are used within a week', () => {
    const [verdict, more] = grown(settled(), 5);
    expect(verdict).toMatchObject({
      level: 'medium',
      title: 'Uses 3 new rights within 7 days, 4 before',
      trip: { key: 'agent', level: 2 },
    });
    expect(more).toBeUndefined();
  });

  it('takes what the grant does not name more gravely', () => {
    const grant = {
      tenant: 'acme',
      agent: 'bot',
      tools: ['send_*', 'update_*', 'close_*', 'add_*'],
    };
    expect(grown(settled({ grant }), 3)[0]?.level).toBe('high');
  });

  it('counts scopes too', () => {
    const run = settled();
    const seen = ['a', 'b', 'c'].flatMap((scope) =>
      run.see(
        agent
          .at(22 * DAY)
          .scopes([scope], [`${scope}.admin`])
          .calls('list_users', 'list'),
      ),
    );
    expect(seen).toHaveLength(1);
  });

  it('says nothing of slow change, of reads, of what failed, and of the first weeks', () => {
    expect(grown(settled(), 4, 8)).toEqual([]);
    const run = settled();
    for (let index = 0; index < 9; index += 1) {
      const step = agent.at(22 * DAY + index);
      expect(run.see(step.calls(`read_${index}`, 'read'))).toEqual([]);
      expect(run.see(step.outcome('denied').writes(`drop_${index}`))).toEqual([]);
    }
    expect(grown(new DetectorRun(privilegeGrowth), 9)).toEqual([]);
  });

  it('tells a flood of tools and stays small', () => {
    const run = settled();
    const seen = Array.from({ length: 20_000 }, (_, index) =>
      run.see(agent.at(40 * DAY + index / 1_000).writes(`tool_${index}`)),
    ).flat();
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.length).toBeLessThan(4);
    expect(JSON.stringify(run.state).length).toBeLessThan(2_000);
  });
});
