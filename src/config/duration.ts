import * as z from 'zod';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/time.ts';

const UNITS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
};

/** A span of time as Sigma writes it: `30s`, `5m`, `1h`, `7d`. */
export const DURATION = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/)
  .meta({ title: 'a number and s, m, h or d, such as 10m' });

/** Milliseconds of a text that `DURATION` takes. */
export function durationMs(text: string): number {
  return Number(text.slice(0, -1)) * (UNITS[text.slice(-1)] ?? 0);
}
