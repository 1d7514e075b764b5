import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import crossTenantAccess from './cross-tenant-access.ts';

detectorConformance(crossTenantAccess);

const agent = scenario('acme').agent('invoice-bot').session('s-1');

describe('cross_tenant_access', () => {
  it('says nothing of the own tenant', () => {
    const run = new DetectorRun(crossTenantAccess);
    expect(run.see(agent.on('crm', 'c-1', 'acme').reads(5))).toEqual([]);
  });

  it('revokes the agent after one foreign read that succeeded, without any history', () => {
    const [verdict] = new DetectorRun(crossTenantAccess).see(
      agent.on('crm', 'c-1', 'globex').reads(1),
    );
    expect(verdict).toMatchObject({
      level: 'critical',
      trip: { key: 'agent', level: 5 },
      facts: { agent_tenant: 'acme', resource_tenant: 'globex' },
    });
    expect(verdict?.title).toBe('An agent of acme reached what belongs to globex');
  });

  it.each(['denied', 'failure', 'timeout', 'cancelled'] as const)(
    'only scores one %s',
    (status) => {
      const event = agent.outcome(status).on('crm', 'c-1', 'globex').reads(1);
      const [verdict] = new DetectorRun(crossTenantAccess).see(event);
      expect(verdict).toMatchObject({ level: 'medium', trip: null, held: 'below_threshold' });
    },
  );

  it('asks the facts on record where the event does not say', () => {
    const resourceFact = { match: 'crm:globex/*', tenant: 'globex' };
    const run = new DetectorRun(crossTenantAccess, { resourceFact });
    expect(run.see(agent.on('crm', 'globex/1').reads(1))[0]?.trip?.level).toBe(5);
  });

  it('is not talked out of the facts on record by the event', () => {
    const resourceFact = { match: 'crm:globex/*', tenant: 'globex' };
    const run = new DetectorRun(crossTenantAccess, { resourceFact });
    const event = agent.trust('agent').on('crm', 'globex/1', 'acme').reads(1);
    expect(run.see(event)[0]?.facts?.['resource_tenant']).toBe('globex');
  });

  it('allows the tenants of the grant, and the pairs of the configuration one way', () => {
    const grant = { tenant: 'acme', agent: 'invoice-bot', tenants: ['acme', 'glob*'] };
    const granted = new DetectorRun(crossTenantAccess, { grant });
    expect(granted.see(agent.on('crm', 'c-1', 'globex').reads(1))).toEqual([]);
    const options = { allowed_pairs: [{ from: 'acme', to: 'globex' }] };
    const paired = new DetectorRun(crossTenantAccess, { options });
    expect(paired.see(agent.on('crm', 'c-1', 'globex').reads(1))).toEqual([]);
    const back = scenario('globex').agent('x').on('crm', 'c-1', 'acme').reads(1);
    expect(paired.see(back)[0]?.trip?.level).toBe(5);
  });

  it('is blind where nobody names the owner, and says which field would cure it', () => {
    const run = new DetectorRun(crossTenantAccess);
    expect(run.blindFor(agent.on('crm', 'c-1').reads(1))).toBe('resource.tenant');
    expect(run.blindFor(agent.on('crm', 'c-1', 'acme').reads(1))).toBeNull();
  });

  it('never judges events of no known tenant', () => {
    const run = new DetectorRun(crossTenantAccess);
    const event = scenario('_unknown').agent('x').on('crm', 'c-1', 'globex').reads(1);
    expect(run.blindFor(event)).toBe('tenant');
    expect(run.see(event)).toEqual([]);
  });
});
