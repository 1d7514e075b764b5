import type { TenantConfig } from '../core/entry.ts';
import type { DetectorMode } from '../core/finding.ts';
import type { AnyDetector } from './detect/detector.ts';

/** The detectors of a process, in a fixed order: the order of findings depends on it. */
export interface Registry {
  readonly detectors: readonly AnyDetector[];
}

/** Detectors that judge an event of any time, and those that compare it with other times. */
export function byTime({ detectors }: Registry): {
  readonly timeless: Registry;
  readonly timed: Registry;
} {
  const isTimeless = ({ family }: AnyDetector): boolean => family === 'deterministic';
  return {
    timeless: { detectors: detectors.filter(isTimeless) },
    timed: { detectors: detectors.filter((detector) => !isTimeless(detector)) },
  };
}

export interface Setting {
  readonly mode: DetectorMode;
  readonly options: unknown;
}

/** Mode and parsed options of one detector for one agent; the agent's override wins. */
export function settingOf(detector: AnyDetector, config: TenantConfig, agent: string): Setting {
  const options = config.detectors[detector.id]?.options;
  return { mode: modeOf(detector, config, agent), options: optionsOf(detector, options) };
}

export function modeOf(detector: AnyDetector, config: TenantConfig, agent: string): DetectorMode {
  const entry = config.detectors[detector.id];
  return entry?.agents?.[agent]?.mode ?? entry?.mode ?? detector.defaultMode;
}

const parsed = new WeakMap<object, Map<string, unknown>>();
const NO_OPTIONS = {};

/** Options are parsed once per configuration object, not once per event. */
function optionsOf(detector: AnyDetector, options: object | undefined): unknown {
  const source = options ?? NO_OPTIONS;
  const cache = parsed.get(source) ?? new Map<string, unknown>();
  parsed.set(source, cache);
  const hit = cache.get(detector.id);
  if (hit !== undefined) return hit;
  const value: unknown = detector.config.parse(source);
  cache.set(detector.id, value);
  return value;
}
