import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogQueue } from './log-queue.ts';

describe('LogQueue', () => {
  it('gives what came after it had run empty', () => {
    const queue = new LogQueue<string>();
    expect(queue.oldest()).toBeNull();
    queue.set(1, 'one');
    expect(queue.oldest()).toBe('one');
    queue.delete(1);
    expect(queue.oldest()).toBeNull();
    queue.set(2, 'two');
    expect(queue.oldest()).toBe('two');
  });

  it('always knows the oldest, whatever is deleted where', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.constant('add' as const) },
        { weight: 2, arbitrary: fc.constant('drop' as const) },
        { weight: 1, arbitrary: fc.nat(20) },
      ),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, (taken) => {
        const queue = new LogQueue<number>();
        const model: number[] = [];
        let seq = 0;
        for (const step of taken) {
          if (step === 'add') {
            seq += 1;
            queue.set(seq, seq);
            model.push(seq);
          } else {
            const [gone] = model.splice(step === 'drop' ? 0 : step, 1);
            if (gone !== undefined) queue.delete(gone);
          }
          expect(queue.oldest()).toBe(model[0] ?? null);
          expect(queue.size).toBe(model.length);
        }
        expect([...queue.values()]).toEqual(model);
      }),
    );
  });
});
