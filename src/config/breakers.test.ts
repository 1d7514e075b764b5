import { describe, expect, it } from 'vitest';
import { loadConfig, tenantConfigOf } from './load.ts';

function load(text: string) {
  return loadConfig({ text, env: {}, readFile: () => '' });
}

describe('how breakers are set', () => {
  it('is the tenant’s own over the general, and the engine’s where nothing is said', () => {
    const text =
      'breakers: { single_operator: true, budget: { burst: 2 } }\n' +
      'tenants: { acme: { breakers: { dwell_scale: 2, protected: ["pay-*"] } } }';
    const loaded = load(text);
    if (!('config' in loaded)) throw new Error(JSON.stringify(loaded.problems));
    expect(tenantConfigOf(loaded.config, 'acme').breakers).toEqual({
      ...{ singleOperator: true, budget: { burst: 2 } },
      ...{ dwellScale: 2, protectedAgents: ['pay-*'] },
    });
    expect(tenantConfigOf(loaded.config, 'globex').breakers).toEqual({
      ...{ singleOperator: true, budget: { burst: 2 } },
    });
  });

  it('is refused where it could not hold', () => {
    const loaded = load('breakers: { dwell_scale: 100, budget: { share: 2 } }');
    expect('problems' in loaded && loaded.problems.map(({ path }) => path)).toHaveLength(2);
  });
});
