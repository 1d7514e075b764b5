import { describe, expect, it } from 'vitest';
import type { ActuatorCheck } from './actuators.ts';
import { loadConfig } from './load.ts';

const asked: Parameters<ActuatorCheck>[0][] = [];
/** Objects to a template called `bad`, in a parameter. */
const check: ActuatorCheck = (actuator) => {
  asked.push(actuator);
  const { template } = actuator;
  return template === 'bad' ? [{ member: 'parameters.address', message: 'is wrong' }] : [];
};

const load = (text: string) =>
  loadConfig({
    ...{ text, file: '/etc/tripcoil/tripcoil.yaml', env: {}, readFile: () => 'a'.repeat(20) },
    actuators: check,
  });

function configured(text: string) {
  const result = load(`revocation:\n${text}`);
  if (!('config' in result)) throw new Error(JSON.stringify(result.problems));
  return result.config.revocation;
}

function problems(text: string): readonly string[] {
  const result = load(text);
  return 'problems' in result
    ? result.problems.map(({ path, line, message }) => `${line} ${path}: ${message}`)
    : [];
}

describe('revocation.actuators', () => {
  it('leave to the template what is not said', () => {
    const { actuators, effect } = configured(
      '  actuators: [{ name: vault, template: vault-entity, tenants: ["*"] }]\n',
    );
    expect(actuators).toEqual([
      {
        ...{ name: 'vault', template: 'vault-entity', tenants: '*', parameters: {} },
        ...{ keys: null, minimumLevel: null, automatic: null, escalateTo: null, standby: false },
        ...{ mapping: { template: '{key_id}', table: {} }, observeEveryMs: 60_000 },
        ...{ allowLoopback: false, allowPrivate: false },
      },
    ]);
    expect(effect).toEqual({ deadlineMs: 5_000, fromLevel: 4, escalateTo: null });
  });

  it('act on what a table names alone, where there is one and nothing else', () => {
    const mappingOf = (more: string) =>
      configured(`  actuators: [{ name: v, template: t, tenants: [acme], ${more} }]\n`).actuators[0]
        ?.mapping;
    expect(mappingOf('targets: { bot: e-1 }')).toEqual({ template: null, table: { bot: 'e-1' } });
    expect(mappingOf('targets: { bot: e-1 }, target: "{agent}"')).toEqual({
      ...{ template: '{agent}', table: { bot: 'e-1' } },
    });
  });

  it('find a template of one’s own beside the configuration', () => {
    asked.length = 0;
    const text = '  actuators: [{ name: v, template: ./mine.yaml, tenants: [acme] }]\n';
    expect(configured(text).actuators[0]?.template).toBe('/etc/tripcoil/mine.yaml');
    expect(asked[0]?.template).toBe('/etc/tripcoil/mine.yaml');
  });

  it('stand by when another escalates to them, or everybody does', () => {
    const { actuators, effect } = configured(
      '  effect: { escalate_to: last, deadline_seconds: 1.5, from_level: 2 }\n' +
        '  actuators:\n' +
        '    - { name: first, template: t, tenants: [acme], escalate_to: second }\n' +
        '    - { name: second, template: t, tenants: [acme] }\n' +
        '    - { name: last, template: t, tenants: [acme] }\n',
    );
    expect(actuators.map(({ standby }) => standby)).toEqual([false, true, true]);
    expect(effect).toEqual({ deadlineMs: 1_500, fromLevel: 2, escalateTo: 'last' });
  });

  const one = (more: string, name = 'v') =>
    `{ name: ${name}, template: t, tenants: [acme], ${more} }`;
  it.each([
    [`actuators: [${one('escalate_to: v')}]`, '2 revocation.actuators[0].escalate_to: must name'],
    [`actuators: [${one('escalate_to: w')}]`, '2 revocation.actuators[0].escalate_to: must name'],
    ['effect: { escalate_to: nobody }', '2 revocation.effect.escalate_to: must name another'],
    [`actuators: [${one('')}, ${one('')}]`, '2 revocation.actuators[1].name: is taken'],
    [`actuators: [${one('', 'gw')}]`, '2 revocation.actuators[0].name: is the name of a token'],
    [`actuators: [${one('minimum_level: 8')}]`, '2 revocation.actuators[0].minimum_level'],
    [`actuators: [${one('keys: [planet]')}]`, '2 revocation.actuators[0].keys[0]'],
    ['actuators: [{ name: v, template: bad, tenants: [acme] }]', 'parameters.address: is wrong'],
  ])('name what is wrong with %s', (text, problem) => {
    const token = '{ name: gw, token: "0123456789abcdef", roles: [broker], tenants: [acme] }';
    const found = problems(`revocation:\n  ${text}\ntokens: [${token}]\n`);
    expect(found.join('\n')).toContain(problem);
  });
});
