import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RULE_FIELDS } from '../engine/rules/event-shape.ts';
import { ruleFaults } from '../engine/rules/rule-detector.ts';
import { loadConfig, tenantConfigOf, tenantConfigsOf } from './load.ts';
import { formatProblem } from './problems.ts';
import { parseRules } from './rules.ts';

const LANGUAGE = { fields: RULE_FIELDS, faults: ruleFaults };

function problemsOf(text: string): readonly string[] {
  const read = parseRules(text, 'my.yaml', LANGUAGE);
  return 'problems' in read ? read.problems.map((each) => formatProblem(each, 'other.yaml')) : [];
}

const HEAD = `rules:
  - id: one
    title: One
    description: Something.
`;

describe('a rule file', () => {
  it('becomes what the log carries, without its tests', () => {
    const text = readFileSync(`${import.meta.dirname}/../../examples/rules/sequences.yaml`, 'utf8');
    const read = parseRules(text, 'sequences.yaml', LANGUAGE);
    if ('problems' in read) throw new Error('expected rules');
    const [first] = read.rules;
    expect(first?.rule).toMatchObject({
      id: 'read_then_send',
      breakerLevel: 4,
      mode: 'shadow',
      score: 70,
      correlation: { type: 'temporal_ordered', selections: ['read', 'send'], timespanMs: 600_000 },
    });
    expect(JSON.stringify(first?.rule)).not.toContain('elsewhere.test');
    expect(first?.exceptions).toEqual([
      {
        detector: 'read_then_send',
        agent: 'newsletter-*',
        owner: 'marketing',
        reason: 'Writes to customers by design.',
        expires: Date.UTC(2027, 5, 30),
      },
    ]);
  });

  it.each([
    ['plain', `${HEAD}    condition: event.kind == "x" && event.volume.record > 1\n`, '5:50'],
    ['quoted', `${HEAD}    condition: 'event.volume.record > 1'\n`, '5:30'],
    [
      'folded',
      `${HEAD}    condition: >-\n      event.kind == "x" &&\n      event.volume.record > 1\n`,
      '7:20',
    ],
    [
      'literal',
      `${HEAD}    condition: |\n      event.kind == "x"\n        && event.volume.record > 1\n`,
      '7:25',
    ],
  ])('tells file, rule, field and column of a bad condition: %s', (_style, text, place) => {
    const [problem] = problemsOf(text);
    expect(problem).toContain(`my.yaml:${place} rules[0].condition: No such key: record`);
  });

  it.each([
    ['', 'needs exactly one of condition, selections'],
    ['condition: event.kind', 'is of type string, not bool'],
    ['condition: "true"\n    evidence: [action.arguments]', 'is no field of an event'],
    [
      'condition: "true"\n    breaker_level: 5\n    key: session',
      'is at most 4 with the key session',
    ],
    ['selections: { a: "true" }', 'only with a correlation'],
    [
      'condition: "true"\n    exceptions: [{ owner: me, reason: x, expires: 2027-01-01 }]',
      'needs an',
    ],
    [correlated('type: event_count, timespan: 5m'), 'needs condition.gte'],
    [correlated('type: temporal, timespan: 5m'), 'needs two selections'],
    [correlated('type: value_count, timespan: 5m, condition: { gte: 3 }'), 'needs a field'],
    [correlated('type: event_count, timespan: 40d, condition: { gte: 3 }'), 'longer than 30 days'],
    [correlated('type: event_count, timespan: soon, condition: { gte: 3 }'), 'such as 10m'],
    [
      correlated('type: event_count, timespan: 5m, condition: { gte: 3 }, rules: [b]'),
      'no selection',
    ],
    [
      correlated('type: event_count, timespan: 5m, condition: { gte: 3 }, group-by: [agent]'),
      'is no field of an event',
    ],
  ])('refuses %s', (lines, why) => {
    expect(problemsOf(`${HEAD}    ${lines}\n`).join('\n')).toContain(why);
  });

  it('refuses two rules of one id', () => {
    const rule = HEAD.replace('rules:\n', '').concat('    condition: "true"\n');
    expect(problemsOf(`rules:\n${rule}${rule}`)).toEqual([
      'my.yaml:6:9 rules[1].id: is the id of an earlier rule',
    ]);
  });
});

function correlated(members: string): string {
  return `condition: "true"\n    correlation: { ${members} }`;
}

describe('rules of the configuration', () => {
  const files: Readonly<Record<string, string>> = {
    '/etc/rules/a.yaml': `${HEAD}    condition: "true"\n`,
    '/etc/rules/b.yaml': `${HEAD.replace('one', 'two')}    condition: "true"\n`,
    '/etc/rules/bad.yaml': `${HEAD}    condition: "nothing"\n`,
    '/etc/rules/taken.yaml': `${HEAD.replace('one', 'volume_spike')}    condition: "true"\n`,
  };
  const load = (text: string) =>
    loadConfig({
      ...{ file: '/etc/tripcoil.yaml', text, env: {} },
      readFile: () => '',
      detectors: [{ id: 'volume_spike', config: anyOptions }],
      rules: {
        ...LANGUAGE,
        list: (pattern) => Object.keys(files).filter((file) => file.startsWith(pattern)),
        read: (file) => files[file] ?? '',
      },
    });
  const anyOptions = { safeParse: () => ({ success: true }) } as never;

  it('go to every tenant, those of one tenant to it alone', () => {
    const loaded = load(
      'detectors:\n  rules: [rules/a]\n  one: { mode: alert }\n' +
        'tenants:\n  acme: { detectors: { rules: [rules/b.yaml] } }\n',
    );
    if ('problems' in loaded) throw new Error(loaded.problems.map((p) => p.message).join());
    const ids = (tenant: string) =>
      (tenantConfigOf(loaded.config, tenant).rules ?? []).map(({ id }) => id);
    expect(ids('acme')).toEqual(['one', 'two']);
    expect(ids('globex')).toEqual(['one']);
    const ofProcess = tenantConfigsOf(loaded.config).get('_system');
    expect(ofProcess).toMatchObject({ rules: [{ id: 'one' }], detectors: { one: {} } });
    expect(ofProcess?.detectors).not.toHaveProperty('rules');
  });

  it('are refused with the file they stand in', () => {
    const say = (text: string) => {
      const loaded = load(text);
      return 'problems' in loaded
        ? loaded.problems.map((problem) => formatProblem(problem, 'tripcoil.yaml'))
        : [];
    };
    expect(say('detectors: { rules: [rules/bad] }')[0]).toMatch(/^\/etc\/rules\/bad\.yaml:5:/);
    expect(say('detectors: { rules: [rules/none] }')[0]).toMatch(
      /^tripcoil.yaml:1:.*names no file/,
    );
    expect(say('detectors: { rules: [rules/taken] }')[0]).toMatch(/id of a detector: volume_spike/);
    expect(say('detectors: { three: { mode: off } }')[0]).toMatch(/three: is not a known key/);
    expect(say('detectors: { exceptions: [{ agent: a }] }').join()).toMatch(
      /exceptions\[0\]\.owner/,
    );
  });
});
