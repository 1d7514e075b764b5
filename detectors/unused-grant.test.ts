import { describe, expect, it } from 'vitest';
import type { AgentGrant } from '../src/core/grant.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import unusedGrant from './unused-grant.ts';

const grant: AgentGrant = {
  tenant: 'acme',
  agent: 'bot',
  tools: ['send_email', 'search_*', 'delete_account'],
  scopes: ['mail.send', 'crm.admin'],
};
detectorConformance(unusedGrant, { grant });

const DAY = 1_440;
const agent = scenario('acme').agent('bot').scopes(undefined, ['mail.send']);

/** Daily work with two of the three tools; the days on which something was told. */
function lived(run: DetectorRun, from: number, days: number) {
  const told = [];
  for (let day = from; day < from + days; day += 1) {
    for (const tool of ['send_email', 'search_mail']) {
      const seen = run.see(agent.at(day * DAY + 60).writes(tool));
      told.push(...seen.map((verdict) => ({ day, verdict })));
    }
  }
  return told;
}

describe('unused_grant', () => {
  it('tells after two months, for review, and again a month later', () => {
    const told = lived(new DetectorRun(unusedGrant, { grant }), 0, 100);
    expect(told.map(({ day }) => day)).toEqual([60, 90]);
    expect(told[0]?.verdict).toMatchObject({
      level: 'low',
      trip: null,
      title: '2 of 5 granted rights unused for 60 days',
      facts: { unused: 'delete_account, crm.admin' },
    });
  });

  it('says nothing of what is used now and then', () => {
    const run = new DetectorRun(unusedGrant, { grant });
    for (let day = 0; day < 100; day += 40) {
      lived(run, day, 40);
      const step = agent.at((day + 39) * DAY).scopes(undefined, ['crm.admin']);
      expect(run.see(step.calls('delete_account', 'delete'))).toEqual([]);
    }
  });

  it('does not count scopes where no call names the ones it needs', () => {
    const run = new DetectorRun(unusedGrant, { grant });
    const bare = scenario('acme').agent('bot');
    const told = Array.from({ length: 70 }, (_, day) =>
      run.see(bare.at(day * DAY).writes('send_email')),
    );
    expect(told.flat()[0]?.facts?.['unused']).toBe('search_*, delete_account');
  });

  it('gives a grant that changed its time', () => {
    const run = new DetectorRun(unusedGrant, { grant });
    lived(run, 0, 50);
    const changed = new DetectorRun(unusedGrant, {
      grant: { ...grant, tools: ['send_email', 'pay'] },
    });
    changed.state = run.state;
    expect(lived(changed, 50, 40)).toEqual([]);
    expect(lived(changed, 90, 30)).toHaveLength(1);
  });

  it('names what it lacks', () => {
    expect(new DetectorRun(unusedGrant).blindFor(agent.reads(1))).toBe('grants.agents');
  });
});
