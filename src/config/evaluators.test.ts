import { describe, expect, it } from 'vitest';
import { DEFAULT_RUBRIC } from '../core/rubric.ts';
import { loadConfig } from './load.ts';

const load = (text: string) => loadConfig({ text, env: { KEY: 'k' }, readFile: () => '' });

function evaluators(text: string) {
  const loaded = load(text);
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config.evaluators;
}

describe('evaluators', () => {
  it('are off, with the default rubric and no judge', () => {
    expect(evaluators('')).toEqual({
      ...{ enabled: false, settleMs: 300_000, rubric: DEFAULT_RUBRIC, judge: null },
    });
  });

  it('change criteria by id, and leave out what has no weight', () => {
    const { rubric } = evaluators(`evaluators:
  enabled: true
  review_below: 75
  rubric_version: ours-1
  criteria:
    - { id: reasoning_given, weight: 0 }
    - { id: token_bound, weight: 7, required: true, question: Which token? }
    - { id: purpose_given, applies_when: { operations: [delete] } }
`);
    expect(rubric).toMatchObject({ version: 'ours-1', reviewBelow: 75 });
    expect(rubric.criteria).toHaveLength(DEFAULT_RUBRIC.criteria.length - 1);
    const named = new Map(rubric.criteria.map((criterion) => [criterion.id, criterion]));
    expect(named.get('token_bound')).toMatchObject({
      weight: 7,
      required: true,
      question: 'Which token?',
    });
    expect(named.get('purpose_given')).toMatchObject({
      weight: 1,
      appliesWhen: { operations: ['delete'] },
    });
    expect(named.get('sensitive_approved')?.appliesWhen.sensitivity).toContain('high');
  });

  it('take a judge', () => {
    const given = 'url: https://judge.example.com/v1, model: small, api_key: k, scope: all';
    expect(evaluators(`evaluators: { judge: { ${given} } }`).judge).toEqual({
      ...{ url: 'https://judge.example.com/v1', model: 'small', apiKey: 'k', all: true },
      ...{ timeoutMs: 20_000, perMinute: 10, retries: 1 },
    });
  });

  it.each([
    ['an unknown criterion', 'criteria: [{ id: nice }]'],
    ['a score beyond the scale', 'review_below: 101'],
    ['a judge without a model', 'judge: { url: "https://j.example.com" }'],
  ])('refuse %s', (_what, text) => {
    expect(load(`evaluators: { ${text} }`)).toHaveProperty('problems');
  });
});
