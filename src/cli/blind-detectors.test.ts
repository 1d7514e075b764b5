import { describe, expect, it } from 'vitest';
import type { AgentCoverage } from '../api/contract.ts';
import { blindDetectors, blindInShort } from './blind-detectors.ts';

const judged = (mode: string): AgentCoverage => ({ detector: 'calm', mode, verdict: 'judged' });
const blind = (detector: string, mode: string): AgentCoverage => ({
  ...{ detector, mode, verdict: 'blind', field: 'resource.unit', cure: 'Send it.' },
});

describe('blind detectors in a table', () => {
  it.each<[string, readonly AgentCoverage[]]>([
    ['-', []],
    ['-', [judged('enforce'), judged('shadow')]],
    ['2 in shadow', [blind('a', 'shadow'), judged('enforce'), blind('b', 'shadow')]],
    ['a (resource.unit)', [blind('a', 'enforce')]],
    [
      'b (resource.unit), c (resource.unit), +1 more in shadow',
      [blind('a', 'shadow'), blind('b', 'enforce'), blind('c', 'alert')],
    ],
  ])('reads %s', (text, coverage) => {
    expect(blindInShort({ coverage })).toBe(text);
  });

  it('are all named elsewhere', () => {
    const coverage = [blind('a', 'shadow'), judged('enforce'), blind('b', 'enforce')];
    expect(blindDetectors({ coverage })).toEqual(['a (resource.unit)', 'b (resource.unit)']);
  });
});
