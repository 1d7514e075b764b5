import type { EventKind } from '../core/access-event.ts';
import type { TenantConfig } from '../core/entry.ts';
import type { DetectorMode } from '../core/finding.ts';
import type { AnyDetector } from './detect/detector.ts';

/** The detectors of a process, in a fixed order: the order of findings depends on it. */
export interface Registry {
  readonly detectors: readonly AnyDetector[];
}

const byKind = new WeakMap<Registry, Map<EventKind, readonly AnyDetector[]>>();

/** The detectors that have something to say of this kind of event, in their fixed order. */
export function detectorsOf(registry: Registry, kind: EventKind): readonly AnyDetector[] {
  const known = byKind.get(registry);
  const lists = known ?? new Map<EventKind, readonly AnyDetector[]>();
  if (known === undefined) byKind.set(registry, lists);
  let list = lists.get(kind);
  if (list === undefined) {
    list = registry.detectors.filter(({ kinds }) => kinds?.includes(kind) ?? true);
    lists.set(kind, list);
  }
  return list;
}

/** Detectors that judge an event of any time, and those that compare it with other times. */
export function byTime(registry: Registry): ByTime {
  const known = splitByTime.get(registry);
  if (known !== undefined) return known;
  const { detectors } = registry;
  const isTimeless = ({ family }: AnyDetector): boolean => family === 'deterministic';
  const split = {
    timeless: { detectors: detectors.filter(isTimeless) },
    timed: { detectors: detectors.filter((detector) => !isTimeless(detector)) },
  };
  splitByTime.set(registry, split);
  return split;
}

interface ByTime {
  readonly timeless: Registry;
  readonly timed: Registry;
}

const splitByTime = new WeakMap<Registry, ByTime>();

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
