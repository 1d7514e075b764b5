import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { HOUR_MS } from '../core/time.ts';
import {
  addRisk,
  dismissRisk,
  explainRisk,
  type RiskEvidence,
  type RiskState,
  readRisk,
  riskScore,
} from './risk.ts';
import { START } from './testing/entries.ts';

let numbered = 0;

function evidence(given: Partial<RiskEvidence> = {}): RiskEvidence {
  numbered += 1;
  const named = { detector: `d${numbered}`, family: 'deterministic', finding: `${numbered}-0` };
  const kept = { dedupKey: 'k', chain: `c${numbered}`, score: 50, vouched: true };
  return { ...named, ...kept, ...given } as RiskEvidence;
}

function stateOf(...all: readonly Partial<RiskEvidence>[]): RiskState {
  const risk: RiskState = [];
  for (const one of all) addRisk(risk, evidence(one), START);
  return risk;
}

describe('the risk of an agent', () => {
  it('is nothing without findings, and the score of a lone finding', () => {
    expect(riskScore([], START)).toBe(0);
    expect(riskScore(stateOf({ score: 40 }), START)).toBe(40);
  });

  it('adds independent findings as noisy or', () => {
    expect(riskScore(stateOf({ score: 50 }, { score: 50 }), START)).toBe(75);
    const families = stateOf({ score: 50 }, { score: 50, family: 'novelty' });
    expect(riskScore(families, START)).toBe(75);
  });

  it.each([
    ['detector', { detector: 'probing' }],
    ['chain', { chain: 'one request' }],
  ])('counts findings of one %s half, a quarter and so on', (_what, same) => {
    const two = stateOf({ ...same, score: 20 }, { ...same, score: 20, dedupKey: 'other' });
    expect(riskScore(two, START)).toBe(28);
    const many = Array.from({ length: 200 }, (_, n) => ({ ...same, score: 20, dedupKey: `${n}` }));
    expect(riskScore(stateOf(...many), START)).toBeLessThan(40);
  });

  it('keeps repeats of one group as one mark, the stronger of both', () => {
    const risk = stateOf({ detector: 'a', score: 60, finding: '1-0' });
    addRisk(risk, evidence({ detector: 'a', score: 30, finding: '2-0' }), START + HOUR_MS);
    expect(readRisk(risk, START).parts).toMatchObject([{ finding: '1-0', since: START }]);
    addRisk(risk, evidence({ detector: 'a', score: 60, finding: '3-0' }), START + HOUR_MS);
    expect(readRisk(risk, START + HOUR_MS).parts).toMatchObject([
      { finding: '3-0', since: START, at: START + HOUR_MS, score: 60 },
    ]);
  });

  it.each([
    ['deterministic', 24],
    ['statistical', 4],
    ['novelty', 8],
  ] as const)('of the %s family is half gone after %s h', (family, hours) => {
    const risk = stateOf({ family, score: 60 });
    const reading = readRisk(risk, START + hours * HOUR_MS);
    expect(reading.risk).toBe(30);
    expect(reading.parts).toMatchObject([{ halfLifeMs: hours * HOUR_MS, value: 30, score: 60 }]);
  });

  it('stays below what its family can know', () => {
    const novel = Array.from({ length: 12 }, () => ({ family: 'novelty', score: 90 }) as const);
    expect(riskScore(stateOf(...novel), START)).toBe(80);
    const told = Array.from({ length: 12 }, () => ({ vouched: false, score: 49 }));
    expect(riskScore(stateOf(...told), START)).toBe(49);
  });

  it('forgets the weakest where there is no room', () => {
    const risk = stateOf({ score: 90, finding: 'kept' }, { score: 1, finding: 'least' });
    for (let n = 0; n < LIMITS.riskMarksPerAgent; n += 1) addRisk(risk, evidence(), START);
    expect(risk).toHaveLength(LIMITS.riskMarksPerAgent);
    const kept = risk.map(({ finding }) => finding);
    expect([kept.includes('kept'), kept.includes('least')]).toEqual([true, false]);
  });

  it('loses what a person dismisses, and has it back when they think again', () => {
    const risk = stateOf({ finding: '9-0', score: 50 }, { finding: '9-1', score: 50 });
    expect(dismissRisk(risk, '9-0', true)).toBe(true);
    expect(dismissRisk(risk, 'unknown', true)).toBe(false);
    expect(readRisk(risk, START)).toMatchObject({ risk: 50, parts: [{ finding: '9-1' }] });
    dismissRisk(risk, '9-0', false);
    expect(riskScore(risk, START)).toBe(75);
  });

  it('is said in words that any reader of that time gets', () => {
    expect(explainRisk(readRisk([], START))).toBe(
      'Nothing that was found raises the risk of this agent.',
    );
    const two = stateOf(
      { detector: 'probing', finding: '4-0', score: 40 },
      { detector: 'probing', finding: '5-0', score: 40, dedupKey: 'other' },
    );
    expect(explainRisk(readRisk(two, START))).toBe(
      'Risk 52 of 100: 34.7 from probing (finding 4-0, half of it gone after 24 h), ' +
        '17.3 from probing (finding 5-0, half of it gone after 24 h). Findings of one detector ' +
        'or of one request tell the same thing and count less.',
    );
  });

  it('is always the sum of its parts, within 0 and 100, and never rises by itself', () => {
    const one = fc.record({
      detector: fc.constantFrom('a', 'b', 'c'),
      family: fc.constantFrom('deterministic', 'statistical', 'novelty'),
      finding: fc.string({ maxLength: 4 }),
      dedupKey: fc.constantFrom('x', 'y', 'z'),
      chain: fc.constantFrom('p', 'q'),
      score: fc.integer({ min: 0, max: 100 }),
      vouched: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), fc.nat(HOUR_MS * 40), (all, later) => {
        const risk: RiskState = [];
        for (const each of all) addRisk(risk, each as RiskEvidence, START);
        const { risk: now, parts } = readRisk(risk, START);
        const sum = parts.reduce((points, part) => points + part.points, 0);
        expect(Math.abs(sum - now)).toBeLessThanOrEqual(0.05 * (parts.length + 1) + 1e-9);
        expect(now).toBeGreaterThanOrEqual(0);
        expect(now).toBeLessThanOrEqual(100);
        expect(readRisk(risk, START + later).risk).toBeLessThanOrEqual(now);
        expect(readRisk(JSON.parse(JSON.stringify(risk)), START)).toEqual({ risk: now, parts });
      }),
      { numRuns: 100 },
    );
  });
});
