import type { Clock } from '../ports/clock.ts';

const SLOTS = 10;

/** Events per second over the last ten whole seconds. */
export function createRateMeter(clock: Clock): { add(count: number): void; perSecond(): number } {
  const counts = new Array<number>(SLOTS).fill(0);
  const seconds = new Array<number>(SLOTS).fill(-1);
  const slotAt = (second: number): number => second % SLOTS;
  return {
    add(count) {
      const second = Math.floor(clock.monotonicMs() / 1_000);
      const slot = slotAt(second);
      counts[slot] = (seconds[slot] === second ? (counts[slot] ?? 0) : 0) + count;
      seconds[slot] = second;
    },
    perSecond() {
      const now = Math.floor(clock.monotonicMs() / 1_000);
      let sum = 0;
      for (let slot = 0; slot < SLOTS; slot += 1) {
        if ((seconds[slot] ?? -1) > now - SLOTS) sum += counts[slot] ?? 0;
      }
      return Math.round((sum / SLOTS) * 10) / 10;
    },
  };
}
