import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import userEntitlementExceeded from './user-entitlement-exceeded.ts';

const principalGrant = { match: 'alice', resources: ['crm:account/*'] };
detectorConformance(userEntitlementExceeded, { principalGrant });

const agent = scenario('acme')
  .agent('bot')
  .session('s-1')
  .having({ principal: { sub: 'alice', type: 'user' } });
const run = (surroundings = {}) =>
  new DetectorRun(userEntitlementExceeded, { principalGrant, ...surroundings });

describe('user_entitlement_exceeded', () => {
  it('asks for approval when the person may not see what the agent reads', () => {
    const [verdict] = run().see(agent.on('hr', 'salaries').calls('read_table'));
    expect(verdict).toMatchObject({ level: 'high', trip: { key: 'session', level: 2 } });
    expect(JSON.stringify(verdict)).not.toContain('salaries');
  });

  it('suspends where the resource is labelled sensitive', () => {
    const resourceFact = { match: 'hr:*', sensitivity: 'high' };
    const [verdict] = run({ resourceFact }).see(agent.on('hr', 'salaries').calls('read_table'));
    expect(verdict?.trip?.level).toBe(4);
  });

  it('says nothing of what the person may see', () => {
    expect(run().see(agent.on('crm', 'account/7').calls('read_account'))).toEqual([]);
  });

  it('scores an attempt that was denied', () => {
    const denied = agent.outcome('denied').on('hr', 'salaries').calls('read_table');
    expect(run().see(denied)[0]).toMatchObject({ level: 'low', trip: null });
  });

  it('names what it lacks', () => {
    expect(run().blindFor(scenario('acme').agent('bot').reads(1))).toBe('principal.sub');
    expect(run({ principalGrant: null }).blindFor(agent.reads(1))).toBe('grants.principals');
    expect(run().blindFor(agent.reads(1))).toBe('resource.id');
  });
});
