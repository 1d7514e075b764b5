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

/**
 * Lets brokers' words through a few at a time: a thousand trips told to a hundred brokers come back
 * as a hundred thousand words, which must not stand before the next order to trip.
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
      const some = this.#take();
      const all = some.flatMap(({ words }) => words);
      await this.#control.acknowledge(...all).then(
        () => {
          for (const { done } of some) done();
        },
        (error: unknown) => {
          for (const { failed } of some) failed(error);
        },
      );
      this.#words -= all.length;
      if (this.#waiting.length > 0) await this.#makeWay();
    }
    this.#isRunning = false;
  }

  /** Requests of one append, oldest first, at least one. */
  #take(): readonly Waiting[] {
    let count = 0;
    let words = 0;
    for (const next of this.#waiting) {
      words += next.words.length;
      if (count > 0 && words > LIMITS.feedAcknowledgementsPerAppend) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #makeWay(): Promise<void> {
    for (let pause = 0; pause < LIMITS.feedAcknowledgementPauses; pause += 1) {
      await this.#clock.sleep(LIMITS.feedAcknowledgementPauseMs);
      if (!this.#isTelling()) return;
    }
  }
}
