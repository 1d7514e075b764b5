import { breakerKeyText } from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ActuatorOptions } from './actuator.ts';
import { type Mapping, targetOf } from './mapping.ts';

/** What should be of one target, and the order it follows from. */
export interface Wanted {
  readonly state: 'frozen' | 'active';
  readonly order: BreakerOrder;
}

export type Rules = Pick<ActuatorOptions, 'keys' | 'minimumLevel' | 'automatic'> & {
  readonly mapping: Mapping;
};

/** Whether an order asks for a freeze. */
export function asksToFreeze(order: BreakerOrder, { minimumLevel, automatic }: Rules): boolean {
  if (order.phase === 'closed' || order.level < minimumLevel) return false;
  return automatic || order.class === 'operator';
}

/** Whether an order may undo a freeze: one that an earlier order of its key asked for. */
export function mayRestore(order: BreakerOrder, { minimumLevel }: Rules): boolean {
  const isBelow = order.phase === 'closed' || order.level < minimumLevel;
  return isBelow && (order.peakLevel ?? order.previousLevel) >= minimumLevel;
}

/**
 * The newest order of each key, and what follows from them for each target: several keys may mean
 * one target, which is frozen while any of them asks for it. Bounded; what is relaxed is forgotten
 * first.
 */
export class Desired {
  readonly #rules: Rules;
  readonly #orders = new Map<string, BreakerOrder>();
  readonly #keys = new Map<string, Set<string>>();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** Targets that should be frozen. */
  get frozen(): readonly string[] {
    return [...this.#keys.keys()].filter((target) => this.of(target)?.state === 'frozen');
  }

  /** The newest order known of this order's key. */
  newest(order: BreakerOrder): BreakerOrder {
    const known = this.#orders.get(breakerKeyText(order.key));
    return known && isNewer(known, order) ? known : order;
  }

  /** Takes an order in unless a newer one of its key is known. False when there is no room. */
  note(order: BreakerOrder): boolean {
    const target = this.targetOf(order);
    const text = breakerKeyText(order.key);
    if (target === null || this.newest(order) !== order) return true;
    if (!this.#orders.has(text) && !this.#makeRoom()) return false;
    this.#orders.delete(text);
    this.#orders.set(text, order);
    const keys = this.#keys.get(target) ?? new Set();
    this.#keys.set(target, keys.add(text));
    return true;
  }

  targetOf(order: BreakerOrder): string | null {
    const { keys, mapping } = this.#rules;
    if (!keys.includes(order.key.kind) || order.unresolvable) return null;
    return targetOf(mapping, order);
  }

  /** What should be of a target; null when no order is known. */
  of(target: string): Wanted | null {
    const orders = [...(this.#keys.get(target) ?? [])].flatMap(
      (text) => this.#orders.get(text) ?? [],
    );
    const [first, ...rest] = orders.filter((order) => asksToFreeze(order, this.#rules));
    if (first) {
      const order = rest.reduce((one, other) => (other.level > one.level ? other : one), first);
      return { state: 'frozen', order };
    }
    const last = orders.at(-1);
    return last ? { state: 'active', order: last } : null;
  }

  #makeRoom(): boolean {
    if (this.#orders.size < LIMITS.actuatorTargets) return true;
    for (const [text, order] of this.#orders) {
      if (asksToFreeze(order, this.#rules)) continue;
      this.#orders.delete(text);
      const target = this.targetOf(order);
      const keys = target === null ? undefined : this.#keys.get(target);
      keys?.delete(text);
      if (target !== null && keys?.size === 0) this.#keys.delete(target);
      return true;
    }
    return false;
  }
}

function isNewer(one: BreakerOrder, other: BreakerOrder): boolean {
  return one.term === other.term ? one.epoch > other.epoch : one.term > other.term;
}
