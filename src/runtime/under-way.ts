import type { Refusal } from '../ports/ingest.ts';
import type { Partition } from './partition.ts';

/** Events that are being redacted, in all and by tenant: they will want the queue soon. */
export class UnderWay {
  readonly #partition: Pick<Partition, 'refusal'>;
  readonly #byShare = new Map<string, number>();
  #all = 0;

  constructor(partition: Pick<Partition, 'refusal'>) {
    this.#partition = partition;
  }

  add(share: string, count: number): void {
    this.#all += count;
    const left = (this.#byShare.get(share) ?? 0) + count;
    if (left > 0) this.#byShare.set(share, left);
    else this.#byShare.delete(share);
  }

  /** Why more of this tenant had better not come now, or null. */
  refusal(share: string): Refusal | null {
    const own = this.#byShare.get(share) ?? 0;
    return this.#partition.refusal(share, { all: this.#all, own });
  }
}
