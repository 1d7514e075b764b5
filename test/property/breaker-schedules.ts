import fc from 'fast-check';
import { BreakerModel } from './breaker-model.ts';
import { STEPS } from './breaker-steps.ts';

/**
 * Folds that many schedules and throws, with the shortest one, where an invariant breaks. With a
 * seed always the same ones.
 */
export function foldSchedules(count: number, seed?: number): void {
  fc.assert(
    fc.property(fc.array(STEPS, { minLength: 5, maxLength: 30 }), fc.nat(), (steps, chance) => {
      const model = new BreakerModel(chance);
      for (const step of steps) model.take(step);
      model.settle();
    }),
    { numRuns: count, ...(seed !== undefined && { seed }) },
  );
}
