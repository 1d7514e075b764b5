import { LIMITS } from '../../core/limits.ts';
import type { DeliveryOutcome } from '../../ports/revocation-receiver.ts';
import type { SetClaims } from './security-event-token.ts';

/** Delivers the tokens of one order one after the other, those that were taken never twice. */
export class SetDelivery {
  readonly #partly = new Map<string, Set<string>>();

  /**
   * What became of the order: what became of its first token, unless another waits yet. One token
   * at a time, or all of them `together` where the receiver fetches them.
   */
  async deliver(
    order: string,
    sets: readonly SetClaims[],
    send: (claims: SetClaims) => Promise<DeliveryOutcome>,
    together = false,
  ): Promise<DeliveryOutcome> {
    const accepted = this.#acceptedOf(order);
    const left = sets.filter(({ jti }) => !accepted.has(jti));
    const outcomes = together ? left.map(send) : null;
    let unwanted: DeliveryOutcome | null = null;
    for (const [index, claims] of left.entries()) {
      const outcome = await (outcomes?.[index] ?? send(claims));
      if (outcome.status === 'retry') return outcome;
      if (outcome.status === 'acknowledged') accepted.add(claims.jti);
      // SSF has no error code for an event type that a receiver does not take.
      else unwanted ??= outcome;
    }
    this.#partly.delete(order);
    // The first stands for the whole.
    const first = sets[0]?.jti;
    if (unwanted === null || (first !== undefined && accepted.has(first))) {
      return { status: 'acknowledged' };
    }
    return unwanted;
  }

  #acceptedOf(order: string): Set<string> {
    const accepted = this.#partly.get(order) ?? new Set<string>();
    this.#partly.set(order, accepted);
    // One that is forgotten costs one more push under the same `jti`.
    if (this.#partly.size > LIMITS.outboxPending) {
      this.#partly.delete(this.#partly.keys().next().value ?? '');
    }
    return accepted;
  }
}
