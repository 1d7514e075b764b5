import { describe, expect, it } from 'vitest';
import { findingBody } from '../testing/bodies.ts';
import { evidenceRows } from './evidence.ts';

describe('what a finding rests on', () => {
  it('has each thing once, in its unit', () => {
    const measures = {
      actual: 4812,
      typical: 120,
      window_s: 300,
      baseline_days: 14.001,
      ratio: 5.0333,
    };
    const facts = { measure: 'records', tool: 'list_invoices' };
    const rows = evidenceRows(findingBody({ evidence: { events: [], measures, facts } }));
    expect(rows.map(({ name, value }) => `${name}: ${value}`)).toEqual([
      'actual: 4,812',
      'typical: 120',
      'how unlikely: p<1e-9',
      'window: 5 min',
      'baseline: 14 days',
      'ratio: 5.033',
      'measure: records',
      'tool: list_invoices',
    ]);
  });

  it('is empty where there is nothing', () => {
    const evidence = { events: [], measures: {}, facts: {} };
    const nothing = { evidence, actual: null, typical: null, probability: null };
    expect(evidenceRows(findingBody(nothing))).toEqual([]);
  });
});
