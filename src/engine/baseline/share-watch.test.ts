import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../core/time.ts';
import { SeededRandom } from '../detect/testing/random.ts';
import { countShare, createShareWatch, readShare, type ShareWatch } from './share-watch.ts';

const START = Date.UTC(2026, 0, 5);

/** Minutes of six calls, of which `share(minute)` are hits; returns the strongest evidence. */
function lived(
  watch: ShareWatch,
  from: number,
  minutes: number,
  share: (minute: number) => number,
  seed = 5,
): number {
  const random = new SeededRandom(seed);
  let strongest = 0;
  for (let minute = from; minute < from + minutes; minute += 1) {
    for (let call = 0; call < 6; call += 1) {
      const isHit = random.uniform() < share(minute);
      countShare(watch, START + minute * MINUTE_MS + call * 9_000, isHit);
      if (isHit) strongest = Math.max(strongest, readShare(watch)?.evidence ?? 0);
    }
  }
  return strongest;
}

const ALARM = Math.log(525_600 / 0.1);

describe('a share of hits', () => {
  it.each([0.02, 0.1, 0.4])('gathers no evidence while the share stays %d', (share) => {
    expect(lived(createShareWatch(), 0, 20_000, () => share)).toBeLessThan(ALARM);
  });

  it('gathers none from swings that were always there', () => {
    const swinging = (minute: number) => (Math.floor(minute / 45) % 4 === 0 ? 0.3 : 0.05);
    expect(lived(createShareWatch(), 0, 20_000, swinging)).toBeLessThan(ALARM);
  });

  it('alarms within minutes once most calls are hits', () => {
    const watch = createShareWatch();
    lived(watch, 0, 3_000, () => 0.03);
    expect(lived(watch, 3_000, 5, () => 0.9)).toBeGreaterThan(ALARM);
    const reading = readShare(watch);
    expect(reading?.usual).toBeLessThan(0.06);
    expect(reading?.since).toBeGreaterThanOrEqual(START + 2_990 * MINUTE_MS);
  });

  it('alarms of an agent of few calls once most of them are hits', () => {
    const watch = createShareWatch();
    const random = new SeededRandom(3);
    let strongest = 0;
    for (let minute = 0; minute < 8_025; minute += 1) {
      if (random.uniform() > 0.7) continue;
      const isHit = random.uniform() < (minute < 8_000 ? 0.02 : 0.8);
      countShare(watch, START + minute * MINUTE_MS, isHit);
      const evidence = isHit ? (readShare(watch)?.evidence ?? 0) : 0;
      if (minute < 8_000) expect(evidence).toBeLessThan(ALARM);
      else strongest = Math.max(strongest, evidence);
    }
    expect(strongest).toBeGreaterThan(ALARM);
  });

  it('says nothing of an agent it hardly knows', () => {
    const watch = createShareWatch();
    lived(watch, 0, 900, () => 0.5);
    expect(readShare(watch)).toBeNull();
  });

  it('survives clocks that jump, and times that are none', () => {
    const watch = createShareWatch();
    lived(watch, 0, 3_000, () => 0.03);
    for (const minute of [1e7, 3_000, 1e7, 3_001, Number.NaN, -1])
      countShare(watch, START + minute * MINUTE_MS, true);
    expect(readShare(watch)?.evidence).toBeLessThan(ALARM);
    expect(JSON.stringify(watch)).not.toContain('null');
    expect(lived(watch, 3_002, 6, () => 1)).toBeGreaterThan(ALARM);
  });

  it('learns a share that stays, so that it does not alarm for ever', () => {
    const watch = createShareWatch();
    lived(watch, 0, 3_000, () => 0.03);
    lived(watch, 3_000, 20_000, () => 0.4);
    expect(lived(watch, 23_000, 500, () => 0.4, 9)).toBeLessThan(ALARM);
  });
});
