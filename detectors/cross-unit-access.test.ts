import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import crossUnitAccess from './cross-unit-access.ts';

const principalGrant = { match: 'alice', unit: 'sales' };
detectorConformance(crossUnitAccess, { principalGrant });

const agent = scenario('acme').agent('bot').session('s-1');
const of = (unit: string) => agent.having({ resource: { type: 'crm', id: 'c-1', unit } });
const run = () => new DetectorRun(crossUnitAccess, { principalGrant });

describe('cross_unit_access', () => {
  it("tells of another unit's resource", () => {
    const [verdict] = run().see(of('payroll').calls('read_record'));
    expect(verdict).toMatchObject({
      level: 'medium',
      trip: { key: 'session', level: 2 },
      facts: { unit: 'sales', resource_unit: 'payroll' },
    });
  });

  it('says nothing of the own unit, however written, and of shared ones', () => {
    for (const unit of ['sales', 'Sales', 'shared'])
      expect(run().see(of(unit).calls('read_record'))).toEqual([]);
  });

  it('scores an attempt that failed', () => {
    const failed = of('payroll').outcome('denied').calls('read_record');
    expect(run().see(failed)[0]).toMatchObject({ level: 'low', trip: null });
  });

  it('names what it lacks', () => {
    expect(run().blindFor(agent.reads(1))).toBe('resource.unit');
    const nobody = new DetectorRun(crossUnitAccess);
    expect(nobody.blindFor(of('sales').reads(1))).toBe('grants.principals.unit');
  });
});
