import { LIMITS } from '../core/limits.ts';
import type { BreakerView } from '../ports/breakers.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * Tells that a tenant's breakers changed, for those who keep something made of them, or wait. A
 * version is the same as long as nothing did: a transition of the tenant or of the process, another
 * posture, names that are told otherwise.
 */
export class BreakerChanges {
  readonly #view: BreakerView;
  readonly #clock: Clock;
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Set<{ readonly tenant: string; readonly wake: () => void }>();
  readonly #unsubscribe: () => void;
  #global = 0;

  constructor(view: BreakerView, clock: Clock) {
    this.#view = view;
    this.#clock = clock;
    this.#unsubscribe = view.subscribe(({ transition: { key } }) => {
      const isGlobal = key.kind === 'global';
      if (isGlobal) this.#global += 1;
      else this.#counts.set(key.tenant, (this.#counts.get(key.tenant) ?? 0) + 1);
      for (const each of this.#waiting) if (isGlobal || each.tenant === key.tenant) each.wake();
    });
  }

  /** Within this process; not for others to keep. */
  version(tenant: string): string {
    const { term, renamings = 0 } = this.#view;
    const { posture } = this.#view.check({ tenant });
    const count = this.#counts.get(tenant) ?? 0;
    return `${term}.${this.#global}.${count}.${renamings}.${posture}`;
  }

  /** For measuring how long somebody waited. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Whether somebody more may wait. */
  get hasRoom(): boolean {
    return this.#waiting.size < LIMITS.changesAwaited;
  }

  /** Resolves at the next transition of the tenant, after `ms`, or when the signal aborts. */
  async next(tenant: string, ms: number, signal: AbortSignal): Promise<void> {
    const settled = new AbortController();
    const waiter = { tenant, wake: () => settled.abort() };
    this.#waiting.add(waiter);
    try {
      await this.#clock.sleep(ms, AbortSignal.any([signal, settled.signal]));
    } finally {
      this.#waiting.delete(waiter);
    }
  }

  close(): void {
    this.#unsubscribe();
    for (const { wake } of this.#waiting) wake();
  }
}
