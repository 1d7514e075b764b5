import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { actuatorFaults } from './check.ts';

const VAULT = {
  template: 'vault-entity',
  parameters: { address: 'https://vault.example:8200', token: 'env:VAULT_TOKEN' },
};
const OWN = readFileSync(new URL('./templates/vault-entity.yaml', import.meta.url), 'utf8');

const faults = (change: object, readFile?: (path: string) => string) =>
  actuatorFaults({ ...VAULT, ...change }, readFile);

describe('actuatorFaults', () => {
  it('has nothing to say of one that is right, its own template included', () => {
    expect(faults({ target: '{tenant}-{key_id}' })).toEqual([]);
    expect(faults({ template: './mine.yaml' }, () => OWN)).toEqual([]);
  });

  it.each([
    [{ template: 'vault-entitee' }, 'template', /is no template/],
    [{ parameters: { ...VAULT.parameters, adress: 'x' } }, 'parameters.adress', /no parameter/],
    [{ parameters: { token: 'env:X' } }, 'parameters', /lacks address/],
    [{ parameters: { ...VAULT.parameters, token: 'hunter2' } }, 'parameters.token', /a reference/],
    [{ target: '{nobody}' }, 'target', /knows nothing called \{nobody\}/],
  ])('names the member that is wrong: %o', (change, member, words) => {
    expect(faults(change)).toEqual([{ member, message: expect.stringMatching(words) }]);
    expect(JSON.stringify(faults(change))).not.toContain('hunter2');
  });

  it('says why a file cannot be used', () => {
    const missing = () => {
      throw new Error('ENOENT');
    };
    expect(faults({ template: './mine.yaml' }, missing)).toEqual([
      { member: 'template', message: 'cannot be used: ENOENT' },
    ]);
    const [wrong] = faults({ template: './mine.yaml' }, () => 'name: mine\n');
    expect(wrong?.message).toMatch(/^cannot be used: .+/);
  });
});
