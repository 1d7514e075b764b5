import { breakerKeyText } from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import { LIMITS } from '../../core/limits.ts';
import { RISC_ACCOUNT_DISABLED } from '../../core/revocation.ts';
import { RISC_ACCOUNT_ENABLED } from './event-types.ts';
import type { SetClaims } from './security-event-token.ts';

/**
 * Which accounts a receiver is known to have enabled again. Every step after level 5 tells it to,
 * since the one before may have been superseded on its way; once it has answered, none has to. What
 * is forgotten, as at a restart, costs one more event.
 */
export class EnabledAccounts {
  readonly #enabled = new Set<string>();

  /** Whether an event of this type still has something to tell. */
  wants({ key }: BreakerOrder, type: string): boolean {
    return type !== RISC_ACCOUNT_ENABLED || !this.#enabled.has(breakerKeyText(key));
  }

  /** The receiver is about to be given these tokens: to be disabled undoes what is known. */
  given({ key }: BreakerOrder, sets: readonly SetClaims[]): void {
    if (tells(sets, RISC_ACCOUNT_DISABLED)) this.#enabled.delete(breakerKeyText(key));
  }

  /** It has acknowledged these tokens. */
  answered({ key }: BreakerOrder, sets: readonly SetClaims[]): void {
    if (!tells(sets, RISC_ACCOUNT_ENABLED)) return;
    this.#enabled.add(breakerKeyText(key));
    if (this.#enabled.size > LIMITS.outboxPending) {
      this.#enabled.delete(this.#enabled.values().next().value ?? '');
    }
  }
}

function tells(sets: readonly SetClaims[], type: string): boolean {
  return sets.some(({ events }) => type in events);
}
