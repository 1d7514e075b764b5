import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { BreakerLevel } from '../../src/core/breaker.ts';
import { type BreakerOrder, relaxes } from '../../src/core/breaker-order.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { SILENT_LOG } from '../../src/ports/log.ts';
import { SILENT_METRICS } from '../../src/ports/metrics.ts';
import { Reconciler } from '../../src/revocation/actuators/reconciler.ts';
import { orderOf } from '../../src/revocation/actuators/testing/orders.ts';
import {
  type Fault,
  simulatedTarget,
} from '../../src/revocation/actuators/testing/simulated-target.ts';
import { createFakeClock } from '../../src/revocation/testing/fakes.ts';

const AGENTS = ['one', 'two'];
const NEVER = new AbortController().signal;

type Step =
  | { readonly do: 'order'; readonly agent: string; readonly level: BreakerLevel }
  | { readonly do: 'deliver'; readonly agent: string }
  | { readonly do: 'fault'; readonly fault: Fault }
  | { readonly do: 'meddle'; readonly agent: string }
  | { readonly do: 'away' | 'back' | 'wait' | 'look' | 'restart' };

const agent = fc.constantFrom(...AGENTS);
const level = fc.constantFrom<BreakerLevel>(0, 0, 1, 4, 5, 5, 6);
const fault = fc.constantFrom<Fault>(
  'refused',
  'unreachable',
  'late',
  'late',
  'lost_answer',
  'ignored',
);
const step = fc.oneof(
  fc.record({ do: fc.constant('order' as const), agent, level }),
  fc.record({ do: fc.constant('deliver' as const), agent }),
  fc.record({ do: fc.constant('deliver' as const), agent }),
  fc.record({ do: fc.constant('fault' as const), fault }),
  fc.record({ do: fc.constant('meddle' as const), agent }),
  fc.record({ do: fc.constantFrom('away', 'back', 'wait', 'look', 'restart') }),
) as fc.Arbitrary<Step>;

/** The engine's side: the newest order of each agent, and whether it is acknowledged. */
class Engine {
  readonly standing = new Map<string, BreakerOrder>();
  readonly acknowledged = new Set<string>();

  /** Null where nothing changes: what is closed cannot be closed. */
  decide(name: string, next: BreakerLevel): BreakerOrder | null {
    const before = this.standing.get(name);
    if ((before?.level ?? 0) === next) return null;
    const order = orderOf({
      key: { tenant: 'acme', kind: 'agent', id: name },
      agent: name,
      level: next,
      previousLevel: before?.level ?? 0,
      // Kept over a short closing, within which a restoring may still be owed.
      peakLevel: Math.max(next, before?.peakLevel ?? 0) as BreakerLevel,
      epoch: (before?.epoch ?? 0) + 1,
    });
    this.standing.set(name, order);
    this.acknowledged.delete(name);
    return order;
  }
}

async function simulate(steps: readonly Step[]): Promise<void> {
  const clock = createFakeClock();
  const target = simulatedTarget(clock);
  const engine = new Engine();
  const started = () => {
    const made = new Reconciler({
      actuator: target.actuator,
      tenants: '*',
      mapping: { template: '{key_id}', table: {} },
      standby: false,
      observeEveryMs: 60_000,
      ...{ clock, log: SILENT_LOG, metrics: SILENT_METRICS },
    });
    for (const order of engine.standing.values()) made.note(order);
    return made;
  };
  let reconciler = started();
  const deliver = async (name: string): Promise<void> => {
    const order = engine.standing.get(name);
    if (!order || engine.acknowledged.has(name) || !reconciler.concerns(order)) return;
    const { status } = await reconciler.deliver(order, NEVER);
    if (status === 'acknowledged') engine.acknowledged.add(name);
  };
  for (const one of steps) {
    switch (one.do) {
      case 'order': {
        const order = engine.decide(one.agent, one.level);
        // What relaxes may be withheld by the outbox, but is known at once.
        if (!order) break;
        if (!relaxes(order)) await deliver(one.agent);
        else reconciler.note(order);
        break;
      }
      case 'deliver':
        await deliver(one.agent);
        break;
      case 'fault':
        target.faults.push(one.fault);
        break;
      case 'meddle':
        // Somebody lifts at the target what the breaker holds.
        target.frozen.delete(one.agent);
        break;
      case 'away':
      case 'back':
        target.away = one.do === 'away';
        break;
      case 'wait':
        target.arrive();
        clock.advance(LIMITS.actuatorSettleMs);
        break;
      case 'look':
        await reconciler.look();
        break;
      case 'restart':
        // A request on its way is answered or dead before a process is up again.
        target.arrive();
        reconciler = started();
        break;
    }
  }
  // Quiet: the target is back, what was on its way has arrived, and everything owed is delivered.
  target.away = false;
  for (const name of AGENTS) await deliver(name);
  target.faults.length = 0;
  target.arrive();
  for (let round = 0; round < 4; round += 1) {
    clock.advance(LIMITS.deliveryBackoffMaxMs);
    for (const name of AGENTS) await deliver(name);
    await reconciler.look();
  }
  const expected = AGENTS.filter((name) => (engine.standing.get(name)?.level ?? 0) >= 5);
  expect([...target.frozen].sort()).toEqual(expected.sort());
}

describe('an actuator', () => {
  test.prop([fc.array(step, { maxLength: 60, size: 'max' })], { numRuns: 500 })(
    'ends where the newest orders want it, whatever orders, failures and restarts came',
    async (steps) => {
      await simulate(steps);
    },
  );
});
