import { describe, expect, it } from 'vitest';
import type { AgentCoverage } from '../../../../src/api/contract.ts';
import { needsInWords, splitCoverage } from './coverage.ts';

const one = (detector: string, mode: string, verdict: AgentCoverage['verdict']): AgentCoverage => ({
  detector,
  mode,
  verdict,
});

describe('coverage', () => {
  it('parts detectors that can act from those in shadow, and the blind of each', () => {
    const coverage = [
      one('a', 'shadow', 'blind'),
      one('b', 'enforce', 'judged'),
      one('c', 'alert', 'blind'),
      one('d', 'shadow', 'judged'),
    ];
    const split = splitCoverage(coverage);
    const names = (rows: readonly AgentCoverage[]): string =>
      rows.map((row) => row.detector).join();
    expect([names(split.acting), names(split.inShadow)]).toEqual(['b,c', 'a,d']);
    expect([names(split.blindActing), names(split.blindInShadow)]).toEqual(['c', 'a']);
  });

  it('says what is needed', () => {
    expect(needsInWords({ ...one('cross_unit', 'shadow', 'blind'), field: 'resource.unit' })).toBe(
      'cross unit: needs resource.unit',
    );
  });
});
