import type { DeliveryOutcome } from '../../ports/revocation-receiver.ts';

interface Waiting {
  /** The lowest goes first; within a rank, the first come. */
  readonly rank: number;
  readonly sign: () => Promise<string>;
  /** Signed once: every offer is the same token. */
  token: Promise<string> | null;
  readonly settle: (outcome: DeliveryOutcome) => void;
}

/**
 * Signed tokens that a receiver comes for (RFC 8936): offered again with every poll until it
 * acknowledges or refuses them.
 */
export class PollQueue {
  readonly #waiting = new Map<string, Waiting>();
  readonly #arrivals = new Set<() => void>();

  get size(): number {
    return this.#waiting.size;
  }

  has(jti: string): boolean {
    return this.#waiting.has(jti);
  }

  /** Resolves with the receiver's word on this token, or when the signal takes it back. */
  offer(
    jti: string,
    rank: number,
    sign: () => Promise<string>,
    signal: AbortSignal,
  ): Promise<DeliveryOutcome> {
    if (signal.aborted) return Promise.resolve({ status: 'retry', detail: 'aborted' });
    return new Promise((resolve) => {
      const settle = (outcome: DeliveryOutcome): void => {
        if (this.#waiting.get(jti)?.settle === settle) this.#waiting.delete(jti);
        signal.removeEventListener('abort', takeBack);
        resolve(outcome);
      };
      const takeBack = (): void => settle({ status: 'retry', detail: 'aborted' });
      signal.addEventListener('abort', takeBack);
      this.#waiting.set(jti, { rank, sign, token: null, settle });
      this.wake();
    });
  }

  acknowledge(jti: string): void {
    this.#waiting.get(jti)?.settle({ status: 'acknowledged' });
  }

  /** The receiver refused a token; it is not offered again. */
  refuse(jti: string, error: string): void {
    this.#waiting.get(jti)?.settle({ status: 'rejected', detail: error });
  }

  /** The tokens to offer now, at most so many, by their `jti`. */
  async take(
    most: number,
    may: (jti: string) => boolean = () => true,
  ): Promise<Readonly<Record<string, string>>> {
    const chosen = [...this.#waiting]
      .filter(([jti]) => may(jti))
      .sort(([, left], [, right]) => left.rank - right.rank)
      .slice(0, most);
    const signed = chosen.map(async ([jti, item]): Promise<[string, string]> => {
      item.token ??= item.sign();
      return [jti, await item.token];
    });
    return Object.fromEntries(await Promise.all(signed));
  }

  /** Resolves when there may be something to take, or the signal aborts. */
  arrival(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const arrived = (): void => {
        this.#arrivals.delete(arrived);
        signal.removeEventListener('abort', arrived);
        resolve();
      };
      signal.addEventListener('abort', arrived);
      this.#arrivals.add(arrived);
    });
  }

  /** Lets those that wait look again. */
  wake(): void {
    for (const arrived of [...this.#arrivals]) arrived();
  }
}
