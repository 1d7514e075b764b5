import { describe, expect, it } from 'vitest';
import { RequestProblem } from './api.ts';
import { createResource, stepResource, UNKNOWN } from './resource.ts';

const problem = new RequestProblem('overloaded', 'A queue is full.', 429);

describe('what is known of a thing', () => {
  it('loads, arrives, and keeps old data when a refresh fails', () => {
    const arrived = stepResource(UNKNOWN, { type: 'arrived', data: 7, at: 100 });
    expect(arrived).toEqual({ data: 7, problem: null, at: 100, loading: false });
    const asked = stepResource(arrived, { type: 'asked' });
    expect(asked).toEqual({ ...arrived, loading: true });
    const failed = stepResource(asked, { type: 'failed', problem });
    expect(failed).toEqual({ data: 7, problem, at: 100, loading: false });
    expect(stepResource(failed, { type: 'arrived', data: 8, at: 200 }).problem).toBeNull();
  });

  it('asks once more, not once each, for refreshes during a request', async () => {
    let asked = 0;
    const answers: ((value: number) => void)[] = [];
    const resource = createResource(
      () => {
        asked += 1;
        return new Promise<number>((resolve) => answers.push(resolve));
      },
      () => 5,
    );
    const done = resource.refresh();
    void resource.refresh();
    void resource.refresh();
    expect(asked).toBe(1);
    answers[0]?.(1);
    while (answers.length < 2) await Promise.resolve();
    answers[1]?.(2);
    await done;
    expect(asked).toBe(2);
    expect(resource.state.value).toEqual({ data: 2, problem: null, at: 5, loading: false });
  });

  it('turns an unreadable answer into a problem that can be shown', async () => {
    const resource = createResource(async () => {
      throw new TypeError('x is undefined');
    });
    await resource.refresh();
    expect(resource.state.value.problem?.code).toBe('unexpected');
    expect(resource.state.value.loading).toBe(false);
  });

  it('changes nothing in place before there is something', async () => {
    const resource = createResource(async () => 1);
    resource.update(() => 9);
    expect(resource.state.value.data).toBeNull();
    await resource.refresh();
    resource.update((known) => known + 1);
    expect(resource.state.value.data).toBe(2);
  });
});
