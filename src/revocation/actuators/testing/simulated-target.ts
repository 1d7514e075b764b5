import type { BreakerOrder } from '../../../core/breaker-order.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Actuator, ActuatorOptions, Receipt, TargetState } from '../actuator.ts';

/** How the next call of a simulated target ends. */
export type Fault = 'none' | 'refused' | 'unreachable' | 'late' | 'lost_answer' | 'ignored';

/** Targets in memory behind an actuator whose calls fail as they are told to. */
export interface SimulatedTarget {
  readonly actuator: Actuator;
  readonly calls: string[];
  readonly frozen: Set<string>;
  /** Of the calls to come, in order; without one, all is well. */
  readonly faults: Fault[];
  /** While it is away, every call fails and nobody can look. */
  away: boolean;
  /** What was on its way arrives now. */
  arrive(): void;
}

export function simulatedTarget(
  clock: Clock,
  options: Partial<ActuatorOptions> = {},
  canObserve = true,
): SimulatedTarget {
  const underWay: (() => void)[] = [];
  const act = async (freeze: boolean, target: string): Promise<Receipt> => {
    const apply = () =>
      void (freeze ? simulated.frozen.add(target) : simulated.frozen.delete(target));
    simulated.calls.push(`${freeze ? 'freeze' : 'restore'} ${target}`);
    const at = clock.now();
    const receipt = (status: Receipt['status'], detail: string): Receipt => ({
      ...{ status, detail, calledAt: at, returnedAt: at },
    });
    await Promise.resolve();
    if (simulated.away) return receipt('retry', 'no_answer');
    switch (simulated.faults.shift() ?? 'none') {
      case 'none':
        apply();
        return receipt('done', 'done');
      case 'ignored':
        return receipt('done', 'done');
      case 'refused':
        return receipt('refused', 'status_400');
      case 'unreachable':
        return receipt('retry', 'no_answer');
      case 'lost_answer':
        apply();
        return receipt('retry', 'timeout');
      case 'late':
        underWay.push(apply);
        return receipt('retry', 'timeout');
    }
  };
  const observe = async (_order: BreakerOrder, target: string): Promise<TargetState> => {
    await Promise.resolve();
    if (simulated.away) return 'unknown';
    return simulated.frozen.has(target) ? 'frozen' : 'active';
  };
  const simulated: SimulatedTarget = {
    calls: [],
    frozen: new Set(),
    faults: [],
    away: false,
    arrive: () => {
      for (const apply of underWay.splice(0)) apply();
    },
    actuator: {
      name: 'simulated',
      options: {
        ...{ name: 'simulated', keys: ['agent', 'session'], minimumLevel: 5, automatic: true },
        ...options,
      } as ActuatorOptions,
      canRestore: true,
      ...{ canObserve, attemptMs: 10_000 },
      freeze: (_order, target) => act(true, target),
      restore: (_order, target) => act(false, target),
      observe,
      describe: () => [],
    },
  };
  return simulated;
}
