import { type BreakerKey, breakerKeyText } from '../core/breaker.ts';
import { LIMITS } from '../core/limits.ts';

/** Points that let the deadline of one epoch of a breaker pass. */
interface Late {
  readonly key: BreakerKey;
  readonly epoch: number;
  readonly points: Set<string>;
}

/**
 * Who had not acknowledged an order by its deadline, until they do or a newer order takes its
 * place: for people to see. Of the latest `LIMITS.lateOrders` breakers.
 */
export class LateOrders {
  readonly #late = new Map<string, Late>();

  note(key: BreakerKey, epoch: number, point: string): void {
    const text = breakerKeyText(key);
    const known = this.#late.get(text);
    const points = known?.epoch === epoch ? known.points : new Set<string>();
    points.add(point);
    this.#late.delete(text);
    this.#late.set(text, { key, epoch, points });
    if (this.#late.size <= LIMITS.lateOrders) return;
    const [oldest] = this.#late.keys();
    if (oldest !== undefined) this.#late.delete(oldest);
  }

  /** Those of `awaiting` that are late with this epoch. */
  among(key: BreakerKey, epoch: number, awaiting: readonly string[]): readonly string[] {
    const late = this.#late.get(breakerKeyText(key));
    if (late?.epoch !== epoch) return [];
    return awaiting.filter((point) => late.points.has(point));
  }

  /** How many breakers of a tenant somebody is late with; what is over is forgotten. */
  count(
    tenant: string,
    standing: (key: BreakerKey) => { epoch: number; awaiting: readonly string[] } | null,
  ): number {
    let count = 0;
    for (const [text, { key, epoch }] of this.#late) {
      if (key.tenant !== tenant) continue;
      const now = standing(key);
      const isLate = now?.epoch === epoch && this.among(key, epoch, now.awaiting).length > 0;
      if (isLate) count += 1;
      else this.#late.delete(text);
    }
    return count;
  }
}
