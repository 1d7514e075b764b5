import type { Joining } from '../../core/joining.ts';
import {
  DAY_SLOT_MINUTES,
  OVERALL_MINUTES,
  type SeasonalRate,
  WEEK_SLOT_MINUTES,
} from './seasonal-rate.ts';

/** The overall rate per minute. */
export function overallRate({ sum, minutes }: SeasonalRate): number {
  return minutes > 0 ? sum / minutes : 0;
}

/**
 * One rate of two that decayed to the same hour. In turn, minutes and what was done in them add up,
 * to no more minutes than a rate ever stands on; at once, the rates add up, on the minutes of the
 * shorter history. The same whichever comes first.
 */
export function joinRates(one: SeasonalRate, other: SeasonalRate, joining: Joining): SeasonalRate {
  const join = joining === 'in_turn' ? pool : stack;
  const week = joinSlots(
    join,
    WEEK_SLOT_MINUTES,
    [one.weekSum, one.weekMinutes],
    [other.weekSum, other.weekMinutes],
  );
  const day = joinSlots(
    join,
    DAY_SLOT_MINUTES,
    [one.daySum, one.dayMinutes],
    [other.daySum, other.dayMinutes],
  );
  const [sum, minutes] = join([one.sum, one.minutes], [other.sum, other.minutes], OVERALL_MINUTES);
  return {
    ...{ weekSum: week.sums, weekMinutes: week.minutes, daySum: day.sums },
    ...{ dayMinutes: day.minutes, sum, minutes, hour: Math.max(one.hour, other.hour) },
  };
}

/** What was done, and the minutes it was done in. */
type Slot = readonly [sum: number, minutes: number];
type Slots = readonly [sums: readonly number[], minutes: readonly number[]];
type Join = (one: Slot, other: Slot, most: number) => Slot;

function pool([sum, minutes]: Slot, [otherSum, otherMinutes]: Slot, most: number): Slot {
  const share = Math.min(1, most / Math.max(minutes + otherMinutes, 1));
  return [(sum + otherSum) * share, (minutes + otherMinutes) * share];
}

/** Where one of them was never seen, nothing is known of both. */
function stack([sum, minutes]: Slot, [otherSum, otherMinutes]: Slot, most: number): Slot {
  const behind = Math.min(minutes, otherMinutes, most);
  if (behind <= 0) return [0, 0];
  return [(sum / minutes + otherSum / otherMinutes) * behind, behind];
}

function joinSlots(join: Join, most: number, one: Slots, other: Slots) {
  const sums = one[0].slice();
  const minutes = one[1].slice();
  for (let slot = 0; slot < sums.length; slot += 1) {
    const joined = join(slotOf(one, slot), slotOf(other, slot), most);
    sums[slot] = Math.fround(joined[0]);
    minutes[slot] = Math.fround(joined[1]);
  }
  return { sums, minutes };
}

function slotOf([sums, minutes]: Slots, slot: number): Slot {
  return [sums[slot] ?? 0, minutes[slot] ?? 0];
}
