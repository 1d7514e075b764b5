import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { createRhythm, missedAt, observeArrival, pauseAllowedMs } from './rhythm.ts';

/** A Monday, 00:00 UTC. */
const MONDAY = Date.UTC(2026, 10, 16);
const FLOOR = 15 * MINUTE_MS;

/** A source that sends every `everyMs`, where `sends` says so. */
function lived(days: number, everyMs: number, sends: (at: number) => boolean = () => true) {
  const state = createRhythm(MONDAY);
  let last = MONDAY;
  for (let at = MONDAY; at < MONDAY + days * DAY_MS; at += everyMs) {
    if (!sends(at)) continue;
    observeArrival(state, at);
    last = at;
  }
  return { state, last };
}

const isOffice = (at: number): boolean => {
  const day = new Date(at).getUTCDay();
  const hour = new Date(at).getUTCHours();
  return day >= 1 && day <= 5 && hour >= 9 && hour < 17;
};

describe('rhythm', () => {
  it('knows a source that never pauses after a day', () => {
    expect(lived(0.9, MINUTE_MS).state.unjudged).toBe('young');
    const { state, last } = lived(1.1, MINUTE_MS);
    expect(state.unjudged).toBeNull();
    expect(pauseAllowedMs(state, FLOOR)).toBe(FLOOR);
    expect(missedAt(state, last, FLOOR)).toBe(last + FLOOR);
  });

  it('never judges a source that sends a few times an hour', () => {
    expect(lived(15, 20 * MINUTE_MS).state.unjudged).toBe('rare');
  });

  it('allows a multiple of the longest pause', () => {
    const { state } = lived(3, 9 * MINUTE_MS);
    expect(pauseAllowedMs(state, FLOOR)).toBeGreaterThan(2 * 9 * MINUTE_MS);
    expect(pauseAllowedMs(state, FLOOR)).toBeLessThanOrEqual(3 * 9 * MINUTE_MS);
  });

  it('waits over the nights and the weekend of an office, and misses it on Monday', () => {
    const { state, last } = lived(12, MINUTE_MS, isOffice);
    expect(state.unjudged).toBeNull();
    const allowed = pauseAllowedMs(state, FLOOR);
    expect(allowed).toBeLessThanOrEqual(3 * HOUR_MS);
    const missed = missedAt(state, last, allowed) ?? 0;
    const monday = MONDAY + 14 * DAY_MS + 9 * HOUR_MS;
    expect(missed).toBeGreaterThan(monday);
    expect(missed).toBeLessThan(monday + 4 * HOUR_MS);
  });

  it('learns no more from an outage than it allowed', () => {
    const { state, last } = lived(3, MINUTE_MS);
    observeArrival(state, last + 7 * HOUR_MS, FLOOR);
    expect(state.longestPauseMs).toBeLessThanOrEqual(FLOOR);
    expect(pauseAllowedMs(state, FLOOR)).toBeLessThanOrEqual(3 * FLOOR);
  });

  it('takes everything of one second for one arrival', () => {
    const state = createRhythm(MONDAY);
    for (let count = 0; count < 500; count += 1) observeArrival(state, MONDAY + 2_000);
    expect(state.arrivalsOfHour).toBe(2);
  });
});
