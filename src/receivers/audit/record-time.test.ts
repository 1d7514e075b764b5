import { expect, it } from 'vitest';
import { recordTime } from './record-time.ts';

const NINE = Date.parse('2026-11-21T09:00:00.000Z');

it.each([
  ['2026-11-21T09:00:00Z', NINE],
  ['2026-11-21T09:00:00.123456789Z', NINE + 123],
  ['2026-11-21 09:00:00', NINE],
  ['2026-11-21 09:00', NINE],
  ['2026-11-21 09:00:00 UTC', NINE],
  ['2026-11-21 01:00:00.000 -0800', NINE],
  ['2026-11-21T10:00:00+01:00', NINE],
  [NINE / 1e3, NINE],
  [NINE, NINE],
  [NINE * 1e3, NINE],
  [NINE * 1e6, NINE],
  [String(NINE / 1e3), NINE],
  [NINE / 1e3 + 0.5, NINE + 500],
  ['tomorrow', undefined],
  ['2026-13-45T99:00:00Z', undefined],
  ['', undefined],
  [-5, undefined],
  [0, undefined],
  [Number.NaN, undefined],
  [null, undefined],
  ['9'.repeat(80), undefined],
])('reads %j as %j', (value, expected) => {
  expect(recordTime(value)).toBe(expected);
});
