import { describe, expect, it } from 'vitest';
import type { DetectorBody } from '../../../../src/api/detector-contract.ts';
import { detectorRows } from './detectors.ts';

const NOTHING_SAID = { true: 0, false: 0, benign: 0, missed: 0 };

function detector(tenant: string, id: string, own: Partial<DetectorBody> = {}): DetectorBody {
  return {
    ...{ tenant, id, title: id, family: 'novelty', source: 'built-in', mode: 'shadow' },
    ...{ blind: 1, agents: 4, feedback: NOTHING_SAID, precision: null },
    ...own,
  };
}

describe('detectors over tenants', () => {
  it('are one row each, those that can act first', () => {
    const rows = detectorRows([
      detector('acme', 'tried'),
      detector('globex', 'tried'),
      detector('acme', 'mixed'),
      detector('globex', 'mixed', { mode: 'enforce' }),
      detector('acme', 'odd', { mode: 'unheard_of' }),
    ]);
    expect(rows.map(({ id }) => id)).toEqual(['mixed', 'tried', 'odd']);
    expect(rows[0]?.modes).toEqual([
      { mode: 'enforce', tenants: ['globex'] },
      { mode: 'shadow', tenants: ['acme'] },
    ]);
    expect(rows[1]).toMatchObject({ agents: 8, blind: 2, judged: 0, precision: null });
  });

  it('have the precision of all that was said', () => {
    const [row] = detectorRows([
      detector('acme', 'spike', { feedback: { ...NOTHING_SAID, true: 2, missed: 5 } }),
      detector('globex', 'spike', { feedback: { ...NOTHING_SAID, false: 1, benign: 1 } }),
    ]);
    expect(row).toMatchObject({ judged: 4, precision: 0.75, feedback: { missed: 5 } });
  });
});
