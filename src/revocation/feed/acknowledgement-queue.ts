import { breakerKeyText } from '../../core/breaker.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Acknowledgement, Control } from '../../ports/control.ts';

/** One request that waits. */
interface Waiting {
  readonly words: readonly Acknowledgement[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** What is recorded together. */
interface Batch {
  readonly requests: readonly Waiting[];
  readonly acknowledgements: readonly Acknowledgement[];
  readonly words: number;
}

/**
 * Lets brokers' words through a few at a time: a thousand trips told to a hundred brokers come back
 * as a hundred thousand words, which must not stand before the next order to trip. What several
 * brokers say of one epoch is recorded as one entry that names them.
 */
export class AcknowledgementQueue {
  readonly #control: Pick<Control, 'acknowledge'>;
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #isTelling: () => boolean;
  readonly #waiting: Waiting[] = [];
  #words = 0;
  #isRunning = false;

  /** `isTelling`: whether trips are being told just now. */
  constructor(
    control: Pick<Control, 'acknowledge'>,
    clock: Pick<Clock, 'sleep'>,
    isTelling: () => boolean = () => false,
  ) {
    this.#control = control;
    this.#clock = clock;
    this.#isTelling = isTelling;
  }

  /**
   * Resolves once all of them are recorded.
   * @throws TripcoilError `overloaded` when there is no room for them.
   */
  async take(words: readonly Acknowledgement[]): Promise<void> {
    if (this.#words + words.length > LIMITS.feedAcknowledgementsQueued) {
      throw new TripcoilError('overloaded', 'Too many acknowledgements wait.');
    }
    this.#words += words.length;
    const recorded = new Promise<void>((done, failed) => {
      this.#waiting.push({ words, done, failed });
    });
    if (!this.#isRunning) void this.#run();
    await recorded;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const { requests, acknowledgements, words } = this.#take();
      await this.#control.acknowledge(...acknowledgements).then(
        () => {
          for (const { done } of requests) done();
        },
        (error: unknown) => {
          for (const { failed } of requests) failed(error);
        },
      );
      this.#words -= words;
      if (this.#waiting.length > 0) await this.#makeWay();
    }
    this.#isRunning = false;
  }

  /** Requests of one append, oldest first, at least one. */
  #take(): Batch {
    const grouped = new Map<string, Acknowledgement & { readonly others: string[] }>();
    let count = 0;
    let words = 0;
    for (const next of this.#waiting) {
      words += next.words.length;
      if (count > 0 && words > LIMITS.feedAcknowledgementsPerAppend) break;
      // Whole requests alone, and each might name as many breakers as it has words.
      const entries = grouped.size + next.words.length;
      if (count > 0 && entries > LIMITS.feedAcknowledgedPerAppend) break;
      for (const word of next.words) addTo(grouped, word);
      count += 1;
    }
    const requests = this.#waiting.splice(0, count);
    return {
      requests,
      acknowledgements: [...grouped.values()].map(bare),
      words: requests.reduce((sum, each) => sum + each.words.length, 0),
    };
  }

  async #makeWay(): Promise<void> {
    for (let pause = 0; pause < LIMITS.feedAcknowledgementPauses; pause += 1) {
      await this.#clock.sleep(LIMITS.feedAcknowledgementPauseMs);
      if (!this.#isTelling()) return;
    }
  }
}

function addTo(
  grouped: Map<string, Acknowledgement & { readonly others: string[] }>,
  word: Acknowledgement,
): void {
  const text = `${breakerKeyText(word.key)} ${word.term} ${word.epoch}`;
  const same = grouped.get(text);
  if (same === undefined) grouped.set(text, { ...word, others: [] });
  else if (same.receiver !== word.receiver) same.others.push(word.receiver);
}

function bare({ others, ...word }: Acknowledgement & { readonly others: string[] }) {
  return others.length === 0 ? word : { ...word, others };
}
