/**
 * A quantile followed one value at a time: towards each value by the share that lies beyond, in
 * steps that shrink to a floor (Robbins and Monro, Ann. Math. Stat. 22, 1951). One extreme value
 * moves it by one step whatever its size. Plain JSON.
 */
export interface RunningQuantile {
  seen: number;
  value: number;
}

export function createRunningQuantile(): RunningQuantile {
  return { seen: 0, value: 0 };
}

/** @param step Largest single move once some values are known, in the unit of the values. */
export function followQuantile(
  quantile: RunningQuantile,
  value: number,
  share: number,
  step: number,
): void {
  if (!Number.isFinite(value)) return;
  quantile.seen += 1;
  if (quantile.seen === 1) {
    quantile.value = value;
    return;
  }
  const gain = step * Math.max(FLOOR, 10 / (10 + quantile.seen));
  quantile.value += gain * (value > quantile.value ? share : share - 1);
}

const FLOOR = 0.02;
