import type { DetectorSetAside } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { AnyDetector } from '../engine/detect/detector.ts';
import type { Registry } from '../engine/registry.ts';
import { isSetAside } from '../engine/set-aside.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Partition } from './partition.ts';

/** One event, however long it took, is no more than this of what may be owed. */
const EVENTS_AT_LEAST = 8;

/**
 * Times the detectors of the user's own as the fold asks them, and has the log say which are too
 * slow for a tenant. The fold itself knows no clock: it obeys the entry, and so does every replay.
 * Nothing interrupts one that never returns.
 */
export class SlowDetectors {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #debts = new Map<string, number>();
  readonly #found = new Map<string, { tenant: string; detector: AnyDetector }>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** The same detectors, those of the user's own with a stop watch. */
  timed(registry: Registry): Registry {
    const { sources } = registry;
    if (sources === undefined || sources.size === 0) return registry;
    const detectors = registry.detectors.map((detector) =>
      sources.has(detector.id) ? this.#timed(detector) : detector,
    );
    return { ...registry, detectors };
  }

  /** Has the log set aside what was found slow, from now on. */
  follow(partition: Partition, log: Log, metrics: Metrics): void {
    // What recovery folded again was slow on another day.
    this.#debts.clear();
    this.#found.clear();
    partition.onCommitted(() => {
      if (this.#found.size === 0) return;
      const found = [...this.#found.values()];
      this.#found.clear();
      for (const { tenant, detector } of found) {
        const known = partition.shard.tenants.get(tenant);
        if (known === undefined || isSetAside(known, detector)) continue;
        const body = setAside(detector);
        log.error('a detector is too slow and is no longer asked', {
          tenant,
          detector: detector.id,
        });
        metrics.count('tripcoil_detectors_set_aside_total', { detector: detector.id });
        // Refused where nothing can be written: it is found again, being slow.
        partition.decide([{ kind: 'config', tenant, body }]).catch(() => undefined);
      }
    });
  }

  #timed(detector: AnyDetector): AnyDetector {
    const { applies, quiet, undecided } = detector;
    const timed = <Value>(tenant: string, ask: () => Value): Value => {
      const start = this.#clock.monotonicMs();
      try {
        return ask();
      } finally {
        this.#charge(tenant, detector, this.#clock.monotonicMs() - start);
      }
    };
    /** Whose it is, as it was when an event moved it. */
    const tenants = new WeakMap<object, string>();
    const ofState = (state: unknown): string =>
      (typeof state === 'object' && state !== null ? tenants.get(state) : undefined) ?? '';
    return {
      ...detector,
      judges: (event, context) => timed(event.tenant.id, () => detector.judges(event, context)),
      observe(event, state, context) {
        const { id } = event.tenant;
        if (typeof state === 'object' && state !== null) tenants.set(state, id);
        return timed(id, () => detector.observe(event, state, context));
      },
      ...(applies && { applies: (event) => timed(event.tenant.id, () => applies(event)) }),
      ...(quiet && {
        quiet: (state, context) => timed(ofState(state), () => quiet(state, context)),
      }),
      ...(undecided && {
        undecided: (action, state, context) =>
          timed(ofState(state), () => undecided(action, state, context)),
      }),
    };
  }

  #charge(tenant: string, detector: AnyDetector, tookMs: number): void {
    const key = `${tenant}\n${detector.id}`;
    const most = LIMITS.detectorDebtMs / EVENTS_AT_LEAST;
    const known = this.#debts.get(key);
    const owed = (known ?? 0) + Math.min(tookMs, most) - LIMITS.detectorMicrosPerAsk / 1_000;
    if (known !== undefined) this.#debts.delete(key);
    if (owed <= 0) return;
    if (owed >= LIMITS.detectorDebtMs) {
      this.#found.set(key, { tenant, detector });
      return;
    }
    this.#debts.set(key, owed);
    if (this.#debts.size <= LIMITS.detectorDebts) return;
    for (const oldest of this.#debts.keys()) {
      this.#debts.delete(oldest);
      break;
    }
  }
}

function setAside({ id, version }: AnyDetector): DetectorSetAside {
  return { type: 'detector_set_aside', detector: id, version, reason: 'slow' };
}
