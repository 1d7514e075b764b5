import { breakerKeyText } from '../../src/core/breaker.ts';
import type { BreakerOrder } from '../../src/core/breaker-order.ts';
import type { DeliveryOutcome, RevocationReceiver } from '../../src/ports/revocation-receiver.ts';

interface Fence {
  readonly term: number;
  readonly epoch: number;
}

/** An enforcement point that outlives every crash, fails by the seed and watches the order. */
export class SeededReceiver implements RevocationReceiver {
  readonly name: string;
  readonly tenants = '*' as const;
  readonly journal: string[] = [];
  /** Every `jti` that arrived from a living process. */
  readonly seen = new Set<string>();
  /** The one `jti` of each key and epoch, whatever crashed in between. */
  readonly names = new Map<string, string>();
  /** Highest fence acknowledged, by key. */
  readonly acknowledged = new Map<string, Fence>();
  /** Promises found broken. */
  readonly broken: string[] = [];
  faultRate = 0;
  alive: () => boolean = () => true;
  readonly #underWay = new Set<string>();
  readonly #random: () => number;

  constructor(name: string, random: () => number) {
    this.name = name;
    this.#random = random;
  }

  async deliver(order: BreakerOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    if (!this.alive()) return new Promise(() => undefined);
    const { key, term, epoch, jti } = order;
    const text = breakerKeyText(key);
    this.seen.add(jti);
    const name = `${text} ${epoch}`;
    const known = this.names.get(name) ?? jti;
    if (known !== jti) this.broken.push(`${name} came as ${known} and as ${jti}`);
    this.names.set(name, jti);
    this.journal.push(`${this.name} ${text} ${term}.${epoch} ${jti}`);
    const before = this.acknowledged.get(text);
    const fence = `${text} ${term}.${epoch}`;
    if (before && compare({ term, epoch }, before) < 0) this.broken.push(`${fence} came too late`);
    if (this.#underWay.has(text)) this.broken.push(`${fence} came while another was under way`);
    this.#underWay.add(text);
    try {
      return await this.#answer(text, { term, epoch }, signal);
    } finally {
      this.#underWay.delete(text);
    }
  }

  /** The process died; its connections are gone. */
  forgetConnections(): void {
    this.#underWay.clear();
  }

  async #answer(text: string, fence: Fence, signal: AbortSignal): Promise<DeliveryOutcome> {
    if (this.#random() >= this.faultRate) {
      this.acknowledged.set(text, fence);
      return { status: 'acknowledged' };
    }
    if (this.#random() < 0.3) {
      // Takes it and forgets to answer.
      this.acknowledged.set(text, fence);
      return silence(signal);
    }
    return { status: 'retry', detail: 'simulated' };
  }
}

function silence(signal: AbortSignal): Promise<DeliveryOutcome> {
  return new Promise((resolve) => {
    const giveUp = () => resolve({ status: 'retry', detail: 'timeout' });
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}

function compare(a: Fence, b: Fence): number {
  return a.term - b.term || a.epoch - b.epoch;
}
