import { describe, expect, it } from 'vitest';
import { findingBody } from '../testing/bodies.ts';
import {
  acknowledgedRatio,
  agentOfKey,
  heldInWords,
  keyInWords,
  levelInWords,
  outcomeOf,
  reasonOf,
} from './reason.ts';

describe('the reason of a finding', () => {
  it('names the measure, the value, the usual edge and the probability', () => {
    expect(reasonOf(findingBody())).toBe('4,812 records, usually up to 210 (p<1e-9)');
  });

  it('falls back to the typical value, then to what there is', () => {
    const evidence = { events: [], measures: {}, facts: { measure: 'calls' } };
    expect(reasonOf(findingBody({ evidence }))).toBe('4,812 calls, typically 120 (p<1e-9)');
    expect(reasonOf(findingBody({ evidence, typical: null, probability: null }))).toBe(
      '4,812 calls',
    );
  });

  it('holds a limit against the limit, and a lasting rise against what is typical', () => {
    const facts = { measure: 'records' };
    const capped = { events: [], measures: { cap: 5000 }, facts };
    expect(reasonOf(findingBody({ evidence: capped, actual: 6000, probability: null }))).toBe(
      '6,000 records, over the limit of 5,000',
    );
    const lasting = { events: [], measures: { usual_up_to: 12, evidence: 21 }, facts };
    expect(reasonOf(findingBody({ evidence: lasting }))).toBe(
      '4,812 records, typically 120 (p<1e-9)',
    );
  });

  it('writes bytes as bytes', () => {
    const evidence = {
      events: [],
      measures: { usual_up_to: 22_000_000, window_s: 600 },
      facts: { measure: 'bytes' },
    };
    const finding = findingBody({ evidence, actual: 84_200_000, probability: null });
    expect(reasonOf(finding)).toBe('84.2 MB in 10 min, usually up to 22 MB');
  });

  it('is the title where nothing was counted', () => {
    expect(reasonOf(findingBody({ actual: null, title: 'Read of another tenant' }))).toBe(
      'Read of another tenant',
    );
  });

  it('is the title where nobody says of what it is', () => {
    const evidence = { events: [], measures: { repeats: 25 }, facts: { tool: 'list_invoices' } };
    const title = 'The same call of list_invoices 25 times in a row';
    expect(reasonOf(findingBody({ evidence, actual: 25, title }))).toBe(title);
  });

  it('reads no inherited names from evidence', () => {
    const evidence = { events: [], measures: {}, facts: {} };
    expect(reasonOf(findingBody({ evidence }))).toBe('Records far above usual');
    expect(heldInWords('constructor')).toBe('constructor');
  });
});

describe('what became of a finding', () => {
  const key = { tenant: 'acme', kind: 'agent', id: 'a' };

  it('tells a trip from a would-be trip from a held one', () => {
    expect(outcomeOf(findingBody())).toEqual({ kind: 'tripped', level: 4 });
    expect(
      outcomeOf(
        findingBody({ decision: { tripped: false, why: 'shadow', would: { key, level: 5 } } }),
      ),
    ).toEqual({ kind: 'would', level: 5 });
    expect(outcomeOf(findingBody({ decision: { tripped: false, why: 'cold_start' } }))).toEqual({
      kind: 'held',
      why: 'cold_start',
    });
  });

  it('says reasons and levels in words, unknown ones included', () => {
    expect(heldInWords('over_budget')).toBe('over the blast-radius budget');
    expect(heldInWords('brand_new')).toBe('brand new');
    expect(levelInWords(5)).toBe('revoke agent');
    expect(levelInWords(9)).toBe('level 9');
  });
});

describe('the key of a breaker', () => {
  it('leads with the agent where one is known', () => {
    expect(keyInWords({ tenant: 't', kind: 'agent', id: 'bot' })).toEqual({
      subject: 'bot',
      kind: 'agent',
    });
    expect(keyInWords({ tenant: 't', kind: 'session', id: 's-1', agent: 'bot' })).toEqual({
      subject: 'bot',
      kind: 'session s-1',
    });
    expect(keyInWords({ tenant: 't', kind: 'tenant', id: 't' })).toEqual({
      subject: 't',
      kind: 'tenant',
    });
    expect(agentOfKey({ tenant: 't', kind: 'tenant', id: 't' })).toBeUndefined();
  });

  it('counts who confirmed', () => {
    const breaker = { acknowledged_by: ['a'], awaiting: ['b', 'c'] };
    expect(acknowledgedRatio(breaker)).toBe('1/3');
  });
});
