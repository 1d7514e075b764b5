import type { TenantConfig } from '../../core/entry.ts';
import type { Registry } from '../registry.ts';
import { ruleDetector } from './rule-detector.ts';

const compiled = new WeakMap<Registry, WeakMap<TenantConfig, Registry>>();

/**
 * The detectors of the process and, behind them, the tenant's own rules in the order of its
 * configuration. Compiled once for each configuration that the log brings.
 */
export function withRules(registry: Registry, config: TenantConfig): Registry {
  const { rules } = config;
  if (rules === undefined || rules.length === 0) return registry;
  const known = compiled.get(registry) ?? new WeakMap<TenantConfig, Registry>();
  compiled.set(registry, known);
  const hit = known.get(config);
  if (hit !== undefined) return hit;
  const taken = new Set(registry.detectors.map(({ id }) => id));
  const own = rules.filter(({ id }) => !taken.has(id)).map(ruleDetector);
  const extended = { ...registry, detectors: [...registry.detectors, ...own] };
  known.set(config, extended);
  return extended;
}
