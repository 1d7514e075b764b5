/**
 * Work that is long for a large body, cut into steps of a few milliseconds: it yields wherever
 * others may have a turn, and returns its result.
 */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Records decoded or normalised in one step: 2 to 5 ms. */
export const RECORDS_PER_STEP = 512;

/** All steps at once, for a caller whose thread nobody else needs. */
export function runAtOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Waits for a turn before each step but the first; what has one step does not wait. */
export async function runInTurns<Result>(
  steps: Steps<Result>,
  turn: () => Promise<unknown>,
): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turn();
  }
}
