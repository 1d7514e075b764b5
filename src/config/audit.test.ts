import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';
import { formatProblem } from './problems.ts';

const FILES: Readonly<Record<string, string>> = {
  '/etc/tripcoil/desk.yaml': 'profile: desk\ntitle: Desk\n',
  '/etc/tripcoil/wrong.yaml': 'profile: wrong\nagent:\n  id: nowhere\n',
  '/etc/tripcoil/torn.yaml': 'profile: [\n',
};

/** Stands for the schema of the receivers: `agent.id` must be a pointer. */
function checkProfile(document: unknown) {
  const { agent } = document as { readonly agent?: { readonly id?: string } };
  const isWrong = agent?.id !== undefined && !agent.id.startsWith('/');
  return isWrong ? [{ path: ['agent', 'id'], message: 'a JSON pointer' }] : [];
}

function load(text: string) {
  return loadConfig({
    ...{ file: '/etc/tripcoil/tripcoil.yaml', text, env: {} },
    audit: { formats: ['opa', 'cloudtrail'], checkProfile },
    readFile: (path) => {
      const found = FILES[path];
      if (found === undefined) throw new Error('ENOENT');
      return found;
    },
  });
}

function problemsOf(text: string): readonly string[] {
  const result = load(text);
  return 'problems' in result ? result.problems.map((one) => formatProblem(one, 't.yaml')) : [];
}

describe('audit', () => {
  it('is empty by default', () => {
    expect(load('')).toMatchObject({ config: { audit: { profiles: [], opa: {}, accounts: {} } } });
  });

  it('takes profiles of files and in place, pointers and accounts', () => {
    const result = load(`audit:
  profiles: [./desk.yaml, { profile: inline, agent: { id: /who } }]
  opa: { agent: [/input/caller], resource_id: [/input/what] }
  accounts: { cloudtrail: { "0123": acme }, desk: { a: globex } }
kafka:
  sources:
    - { name: s, brokers: ["k:9092"], topic: t, tenants: [acme], format: "audit:desk" }
`);
    expect(result).toMatchObject({
      config: {
        audit: {
          profiles: [{ profile: 'desk' }, { profile: 'inline' }],
          opa: { agent: ['/input/caller'], resourceId: ['/input/what'] },
          accounts: { cloudtrail: { '0123': 'acme' }, desk: { a: 'globex' } },
        },
      },
    });
  });

  it.each([
    [
      'audit: { profiles: [./wrong.yaml] }',
      't.yaml:1:21 audit.profiles[0]: ./wrong.yaml:3:7 agent.id: a JSON pointer',
    ],
    [
      'audit:\n  profiles:\n    - profile: inline\n      agent:\n        id: nowhere',
      't.yaml:5:13 audit.profiles[0].agent.id: a JSON pointer',
    ],
    ['audit: { profiles: [./gone.yaml] }', 't.yaml:1:21 audit.profiles[0]: cannot be read'],
    [
      'audit: { profiles: [{ profile: opa }] }',
      't.yaml:1:21 audit.profiles[0]: has the name of another audit format, opa',
    ],
    [
      'audit: { profiles: [./desk.yaml, { profile: desk }] }',
      't.yaml:1:34 audit.profiles[1]: has the name of another audit format, desk',
    ],
    [
      'audit: { opa: { agent: [input.user] } }',
      't.yaml:1:25 audit.opa.agent[0]: is not valid (expected a JSON pointer such as ' +
        '/input/user/id)',
    ],
    [
      'audit: { accounts: { cloudtrial: { "1": acme } } }',
      't.yaml:1:22 audit.accounts.cloudtrial: is not a known key (expected one of opa, ' +
        'cloudtrail; did you mean cloudtrail?)',
    ],
  ])('names the place of what is wrong: %s', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it('says where the YAML of a profile breaks', () => {
    const [problem] = problemsOf('audit: { profiles: [./torn.yaml] }');
    expect(problem).toMatch(/^t\.yaml:1:21 audit\.profiles\[0\]: \.\/torn\.yaml:\d+:\d+ is not/);
  });
});
