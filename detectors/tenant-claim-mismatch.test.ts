import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { FoldRun } from '../src/engine/detect/testing/fold-run.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import tenantClaimMismatch from './tenant-claim-mismatch.ts';

detectorConformance(tenantClaimMismatch);

describe('tenant_claim_mismatch', () => {
  const agent = scenario('acme').agent('invoice-bot');
  const claiming = (claimed: string) => agent.having({ tenant: { id: 'acme', claimed } }).reads(1);

  it('notes a claimed tenant that the credential does not bear out', () => {
    const run = new DetectorRun(tenantClaimMismatch);
    expect(run.see(claiming('globex'))[0]).toMatchObject({
      level: 'medium',
      score: 35,
      trip: null,
      facts: { tenant: 'acme', claimed: 'globex', sender: 'broker-1' },
    });
  });

  it('says nothing of events without a claim, or with a right one', () => {
    const run = new DetectorRun(tenantClaimMismatch);
    expect(run.see(agent.reads(1))).toEqual([]);
    expect(run.see(claiming('acme'))).toEqual([]);
  });

  it('steps up at the third different tenant; a wrong setting claims one', () => {
    const run = new DetectorRun(tenantClaimMismatch);
    for (let index = 0; index < 50; index += 1) {
      expect(run.see(claiming('globex'))[0]?.trip).toBeNull();
    }
    run.see(claiming('initech'));
    expect(run.see(claiming('umbrella'))[0]?.trip).toEqual({ key: 'agent', level: 2 });
  });

  it('is one finding for each claim, in the whole engine', () => {
    const run = new FoldRun(tenantClaimMismatch);
    const told = ['a', 'a', 'b', 'a'].flatMap((claimed) => run.see(claiming(claimed)));
    expect(told.map(({ evidence }) => evidence.facts['claimed'])).toEqual(['a', 'b']);
  });
});
