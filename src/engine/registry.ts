import type { EventKind } from '../core/access-event.ts';
import type { TenantConfig } from '../core/entry.ts';
import type { DetectorMode } from '../core/finding.ts';
import type { AnyDetector, NotJudged } from './detect/detector.ts';
import { maskOf } from './detect/event-part.ts';
import type { DetectorPlaces } from './detector-memory.ts';

/** The detectors of a process, in a fixed order: the order of findings depends on it. */
export interface Registry {
  readonly detectors: readonly AnyDetector[];
  /** Where those come from that are not built in, for people to see. */
  readonly sources?: ReadonlyMap<string, 'module'>;
  /** Told of each detector that was asked, and whether it was blind; a backtest's counter. */
  readonly watch?: (detector: string, blind: NotJudged | null) => void;
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

/** A detector with its setting for a tenant, and for those of its agents that have their own. */
export interface Judging {
  readonly detector: AnyDetector;
  /** Where agents keep what it remembers. */
  readonly place: number;
  /** What an event must have for it to be asked, see `partsOf`. */
  readonly parts: number;
  readonly mode: DetectorMode;
  readonly agents: Readonly<Record<string, { readonly mode?: DetectorMode | undefined }>> | null;
  readonly options: unknown;
  /** What its options could not be read for; thrown at each event, as a fault of the detector. */
  readonly fault: { readonly error: unknown } | null;
  /**
   * What is asked of the detector at each event, in objects of one shape: detectors declare this
   * and that, and to look into each of many shapes costs more than most of them take to answer.
   */
  readonly applies: AnyDetector['applies'] | null;
  readonly judges: AnyDetector['judges'];
  readonly observe: AnyDetector['observe'];
  readonly isOfAgent: boolean;
  readonly isStatistical: boolean;
}

/** The detectors of a registry as one configuration of a tenant sets them. */
export interface Dispatch {
  readonly config: TenantConfig;
  readonly byKind: Map<EventKind, readonly Judging[]>;
}

/** A tenant's configuration, the places of its detectors, and what was worked out of both. */
interface Dispatching {
  readonly config: TenantConfig;
  readonly places: DetectorPlaces;
  readonly dispatches: Map<Registry, Dispatch>;
}

/**
 * The detectors that have something to say of this kind of event, in their fixed order, as a tenant
 * has set them: worked out once per configuration.
 */
export function judgingOf(
  registry: Registry,
  { config, places, dispatches }: Dispatching,
  kind: EventKind,
): readonly Judging[] {
  let dispatch = dispatches.get(registry);
  if (dispatch?.config !== config) {
    // Those of an earlier configuration go with it, and with them the registries of its rules.
    for (const [other, { config: of }] of dispatches) if (of !== config) dispatches.delete(other);
    dispatch = { config, byKind: new Map() };
    dispatches.set(registry, dispatch);
  }
  const known = dispatch.byKind.get(kind);
  if (known !== undefined) return known;
  const list = registry.detectors
    .filter(({ kinds }) => kinds?.includes(kind) ?? true)
    .map((detector) => judgingBy(detector, config, places.of(detector.id)));
  dispatch.byKind.set(kind, list);
  return list;
}

function judgingBy(detector: AnyDetector, config: TenantConfig, place: number): Judging {
  const entry = config.detectors[detector.id];
  const common = {
    ...{ detector, place, parts: maskOf(detector.parts ?? []) },
    mode: entry?.mode ?? detector.defaultMode,
    agents: entry?.agents ?? null,
    applies: detector.applies ?? null,
    judges: detector.judges,
    observe: detector.observe,
    isOfAgent: detector.scope === 'agent',
    isStatistical: detector.family === 'statistical',
  };
  try {
    return { ...common, options: optionsOf(detector, entry?.options), fault: null };
  } catch (error) {
    return { ...common, options: undefined, fault: { error } };
  }
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
