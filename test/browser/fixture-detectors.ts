import type { DetectorBody } from '../../src/api/detector-contract.ts';

const TENANTS = ['acme', 'globex', 'initech'];
const NOTHING_SAID = { true: 0, false: 0, benign: 0, missed: 0 };

function inEach(own: Omit<DetectorBody, 'tenant'>): readonly DetectorBody[] {
  return TENANTS.map((tenant) => ({ ...own, tenant }));
}

/** Some that act, some in shadow, one that acts in one tenant only, and a rule of one's own. */
export function fixtureDetectors(): readonly DetectorBody[] {
  const none = { set_aside: null, blind: 0, agents: 6, feedback: NOTHING_SAID, precision: null };
  const builtIn = { source: 'built-in', ...none } as const;
  return [
    ...inEach({
      ...{ ...builtIn, id: 'volume_spike', title: 'Volume spike', family: 'statistical' },
      ...{ mode: 'enforce', precision: 0.9, feedback: { true: 8, false: 1, benign: 1, missed: 0 } },
    }),
    ...inEach({
      ...{ ...builtIn, id: 'cross_tenant_access', title: 'Cross-tenant access', blind: 2 },
      ...{ family: 'deterministic', mode: 'enforce' },
    }),
    ...inEach({
      ...{ ...builtIn, id: 'data_residency', title: 'Data leaves its region', blind: 5 },
      ...{ family: 'deterministic', mode: 'shadow' },
    }),
    ...inEach({
      ...{ ...builtIn, id: 'limit_hugging', title: 'Amounts just under a limit', agents: 0 },
      ...{ family: 'statistical', mode: 'shadow', feedback: { ...NOTHING_SAID, missed: 1 } },
    }),
    {
      ...{ ...builtIn, tenant: 'acme', id: 'large_refund', title: 'A large refund at night' },
      ...{ family: 'deterministic', mode: 'alert', source: 'rule' },
    },
  ];
}
