import { LIMITS } from '../core/limits.ts';

/**
 * How many orders each receiver is owed, and whether there is room for one more. Each has a limit
 * of its own, a part of which is kept for what revokes, and a share that is always its own:
 * receivers that never answer cannot keep others from being told.
 */
export class OutboxRoom {
  readonly #owedBy = new Map<string, number>();
  /** Receivers for which something was left out for want of room. */
  readonly #full = new Set<string>();
  #owed = 0;

  get owed(): number {
    return this.#owed;
  }

  /** One order more or less; how many there are then. */
  change(receiver: string, by: number): number {
    const owed = this.of(receiver) + by;
    if (owed === 0) this.#owedBy.delete(receiver);
    else this.#owedBy.set(receiver, owed);
    this.#owed += by;
    return owed;
  }

  of(receiver: string): number {
    return this.#owedBy.get(receiver) ?? 0;
  }

  /** Whether one more fits; `revokes` where it must not wait behind anything else. */
  isThere(receiver: string, revokes: boolean): boolean {
    const owed = this.of(receiver);
    const most = LIMITS.outboxPerReceiver - (revokes ? 0 : LIMITS.outboxForRevoking);
    if (owed >= most) return false;
    return owed < LIMITS.outboxReserved || this.#owed < LIMITS.outboxPending;
  }

  /** Something was left out. True unless that is known. */
  ranOut(receiver: string): boolean {
    if (this.#full.has(receiver)) return false;
    this.#full.add(receiver);
    return true;
  }

  /** Receivers that lacked room and have it again; each is named once. */
  takeRoomy(): readonly string[] {
    if (this.#full.size === 0) return [];
    const roomy = [...this.#full].filter((receiver) => {
      const owed = this.of(receiver);
      if (owed > LIMITS.outboxPerReceiver / 2) return false;
      return owed <= LIMITS.outboxReserved / 2 || this.#owed <= LIMITS.outboxPending / 2;
    });
    for (const receiver of roomy) this.#full.delete(receiver);
    return roomy;
  }

  /** The receiver is gone; what it is owed was taken back. */
  forget(receiver: string): void {
    this.#full.delete(receiver);
  }
}
