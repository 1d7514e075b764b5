import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../core/hash.ts';
import { FactMemory } from './fact-memory.ts';

const session = (name: string | number) => hashOf(`session ${name}`);

describe('FactMemory', () => {
  it('counts the sessions a fact was seen in, not the times', () => {
    const memory = new FactMemory(64);
    for (const name of ['a', 'a', 'a', 'b']) memory.add(hashOf('tool'), session(name));
    expect(memory.count(hashOf('tool'))).toBe(2);
    expect(memory.count(hashOf('other tool'))).toBe(0);
  });

  it('keeps what is done every day through a flood of new facts', () => {
    const memory = new FactMemory(512);
    const daily = Array.from({ length: 100 }, (_, index) => hashOf(`daily ${index}`));
    for (const day of [1, 2, 3]) for (const fact of daily) memory.add(fact, session(day));
    for (let index = 0; index < 100_000; index += 1) {
      memory.add(hashOf(`flood ${index}`), session('flood'));
    }
    expect(daily.every((fact) => memory.count(fact) === 3)).toBe(true);
    expect(memory.size).toBeLessThanOrEqual(384);
  });

  it('makes room even when every fact is as usual as every other', () => {
    const memory = new FactMemory(16);
    for (const round of [1, 2, 3]) {
      for (let index = 0; index < 40; index += 1) {
        memory.add(hashOf(`fact ${index}`), session(round));
        expect(memory.size).toBeLessThanOrEqual(12);
      }
    }
  });

  it('copies as of a moment, whichever of the two learns on', () => {
    for (const learnsOn of ['original', 'copy'] as const) {
      const original = new FactMemory(64);
      for (let index = 0; index < 40; index += 1) original.add(hashOf(`${index}`), session('a'));
      const before = original.snapshot();
      const copy = original.copy();
      expect(copy.snapshot()).toEqual(before);
      const [learning, resting] = learnsOn === 'copy' ? [copy, original] : [original, copy];
      for (let index = 0; index < 80; index += 1) learning.add(hashOf(`${index}`), session('b'));
      expect(resting.snapshot()).toEqual(before);
      expect(learning.snapshot()).not.toEqual(before);
    }
  });

  it('goes on after a snapshot as if nothing had happened', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.nat(300), (steps, at) => {
        let restarted = new FactMemory(32);
        const through = new FactMemory(32);
        for (const [index, [fact, name]] of steps.entries()) {
          if (index === at) {
            const text = JSON.stringify(restarted.snapshot());
            restarted = FactMemory.restore(32, JSON.parse(text));
          }
          restarted.add(hashOf(`${fact}`), session(name));
          through.add(hashOf(`${fact}`), session(name));
        }
        for (let fact = 0; fact <= 60; fact += 1) {
          expect(restarted.count(hashOf(`${fact}`))).toBe(through.count(hashOf(`${fact}`)));
        }
        expect(restarted.snapshot()).toEqual(through.snapshot());
      }),
      { numRuns: 200 },
    );
  });
});
