import { describe, expect, it } from 'vitest';
import { DetectorMemory, DetectorPlaces } from './detector-memory.ts';

const BLIND = { field: 'latency_ms', cure: 'Send it.' };

describe('the memory of detectors', () => {
  it('keeps states and judgements by place, also of detectors that came later', () => {
    const places = new DetectorPlaces();
    const memory = new DetectorMemory(places);
    memory.setState(places.of('b'), { seen: 1 });
    memory.cover(places.of('a'), BLIND);
    expect(memory.states).toEqual({ b: { seen: 1 } });
    expect(memory.coverage).toEqual({ a: BLIND });
    expect(memory.stateOf('a')).toBeUndefined();
    expect(memory.coverageOf('unheard of')).toBeUndefined();
  });

  it('keeps the judgement it has while nothing is new in it', () => {
    const places = new DetectorPlaces();
    const memory = new DetectorMemory(places);
    const place = places.of('a');
    memory.cover(place, BLIND);
    memory.cover(place, { ...BLIND });
    expect(memory.coverageOf('a')).toBe(BLIND);
    memory.cover(place, null);
    expect(memory.coverageOf('a')).toBeNull();
    memory.cover(place, { ...BLIND, field: 'outcome.status' });
    expect(memory.coverageOf('a')).toMatchObject({ field: 'outcome.status' });
  });

  it('is written down the same whoever was asked first', () => {
    const texts = [['a', 'b', 'c'] as const, ['c', 'a', 'b'] as const].map((order) => {
      const places = new DetectorPlaces();
      const memory = new DetectorMemory(places);
      for (const id of order) memory.setState(places.of(id), { id });
      return JSON.stringify(memory.states);
    });
    expect(texts[0]).toBe(texts[1]);
    const copy = new DetectorMemory(new DetectorPlaces());
    copy.restore(JSON.parse(texts[0] ?? ''), { c: null });
    expect(JSON.stringify([copy.states, copy.coverage])).toBe(`[${texts[0]},{"c":null}]`);
  });

  it('gives the place of one that is gone to the next', () => {
    const places = new DetectorPlaces();
    const memory = new DetectorMemory(places);
    for (const id of ['a', 'b']) memory.setState(places.of(id), id);
    const [place = -1] = places.forget((id) => id === 'a');
    expect(memory.holds([place])).toBe(true);
    memory.forget([place]);
    expect(memory.holds([place])).toBe(false);
    expect(places.of('c')).toBe(place);
    expect(places.count).toBe(2);
    expect(memory.states).toEqual({ b: 'b' });
  });
});
