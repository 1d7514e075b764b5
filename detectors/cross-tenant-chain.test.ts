import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { FoldRun } from '../src/engine/detect/testing/fold-run.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import crossTenantChain from './cross-tenant-chain.ts';

detectorConformance(crossTenantChain);

describe('cross_tenant_chain', () => {
  const acme = scenario('acme');
  const step = (agent: string, owner: string, trace = 't-1') =>
    acme
      .agent(agent)
      .session('s-1')
      .having({ trace: { traceId: trace } })
      .on('crm', 'c-1', owner);

  it('is blind where nobody names the owner', () => {
    const run = new DetectorRun(crossTenantChain);
    expect(run.blindFor(acme.agent('a').writes())).toBe('resource.tenant');
    expect(run.blindFor(step('a', 'acme').writes())).toBeNull();
  });

  it('steps up when a second agent touches what belongs to a second tenant', () => {
    const run = new DetectorRun(crossTenantChain);
    expect(run.see(step('reader', 'acme').reads(5))).toEqual([]);
    expect(run.see(step('reader', 'acme').reads(5))).toEqual([]);
    expect(run.see(step('writer', 'globex').writes())[0]).toMatchObject({
      score: 75,
      trip: { key: 'session', level: 2 },
      facts: { first_tenant: 'acme', then_tenant: 'globex', first_agent: 'reader' },
    });
  });

  it('leaves one agent alone to cross_tenant_access, unless it acts for others', () => {
    const run = new DetectorRun(crossTenantChain);
    run.see(step('a', 'acme').reads(5));
    expect(run.see(step('a', 'globex').writes())).toEqual([]);
    const delegated = step('a', 'globex').having({ delegation: [{ sub: 'agent:b' }] });
    expect(run.see(delegated.writes())).toHaveLength(1);
  });

  it('says nothing of other chains, refused steps, allowed pairs and agents of both', () => {
    const run = new DetectorRun(crossTenantChain);
    run.see(step('a', 'acme').reads(5));
    expect(run.see(step('b', 'globex', 't-2').writes())).toEqual([]);
    expect(run.see(step('b', 'globex').outcome('denied').writes())).toEqual([]);
    const options = { allowed_pairs: [{ from: 'acme', to: 'glob*' }] };
    const paired = new DetectorRun(crossTenantChain, { options });
    paired.see(step('a', 'acme').reads(5));
    expect(paired.see(step('b', 'globex').writes())).toEqual([]);
    const grant = { tenant: 'acme', agent: '*', tenants: ['acme', 'globex'] };
    const granted = new DetectorRun(crossTenantChain, { grant });
    granted.see(step('a', 'acme').reads(5));
    expect(granted.see(step('b', 'globex').writes())).toEqual([]);
  });

  it('follows a request into another trace by the transaction it was delegated with', () => {
    const run = new FoldRun(crossTenantChain);
    const begun = step('a', 'acme').having({ token: { txn: 'x-1' }, trace: { traceId: 't-1' } });
    run.see(begun.reads(5));
    const delegated = step('b', 'globex', 't-2').having({ parent: { txn: 'x-1' } });
    expect(run.see(delegated.writes())).toMatchObject([{ detector: 'cross_tenant_chain' }]);
  });
});
