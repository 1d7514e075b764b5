import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Control } from '../../ports/control.ts';

type Word = Parameters<Control['acknowledge']>[0];

interface Waiting {
  readonly word: Word;
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
  #waiting: Waiting[] = [];
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
  async take(words: readonly Word[]): Promise<void> {
    if (this.#waiting.length + words.length > LIMITS.feedAcknowledgementsQueued) {
      throw new TripcoilError('overloaded', 'Too many acknowledgements wait.');
    }
    const all = Promise.all(
      words.map(
        (word) =>
          new Promise<void>((done, failed) => {
            this.#waiting.push({ word, done, failed });
          }),
      ),
    );
    if (!this.#isRunning) void this.#run();
    await all;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const some = this.#waiting.slice(0, LIMITS.acknowledgementsPerAppend);
      this.#waiting = this.#waiting.slice(LIMITS.acknowledgementsPerAppend);
      await Promise.all(
        some.map(({ word, done, failed }) => this.#control.acknowledge(word).then(done, failed)),
      );
      if (this.#waiting.length > 0) await this.#makeWay();
    }
    this.#isRunning = false;
  }

  async #makeWay(): Promise<void> {
    for (let pause = 0; pause < LIMITS.feedAcknowledgementPauses; pause += 1) {
      await this.#clock.sleep(LIMITS.feedAcknowledgementPauseMs);
      if (!this.#isTelling()) return;
    }
  }
}
