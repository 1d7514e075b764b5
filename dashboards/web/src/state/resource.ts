import { type ReadonlySignal, signal } from '@preact/signals';
import { RequestProblem } from './api.ts';

/**
 * What is known of one thing on the server. Old data outlives a failed refresh: it is shown with
 * its age, never swapped for an error page.
 */
export interface Resource<Data> {
  readonly data: Data | null;
  readonly problem: RequestProblem | null;
  /** When `data` arrived, epoch milliseconds. */
  readonly at: number | null;
  readonly loading: boolean;
}

export type ResourceStep<Data> =
  | { readonly type: 'asked' }
  | { readonly type: 'arrived'; readonly data: Data; readonly at: number }
  | { readonly type: 'failed'; readonly problem: RequestProblem };

export const UNKNOWN: Resource<never> = { data: null, problem: null, at: null, loading: true };

/** Pure: what a step makes of a resource. */
export function stepResource<Data>(
  before: Resource<Data>,
  step: ResourceStep<Data>,
): Resource<Data> {
  switch (step.type) {
    case 'asked':
      return before.loading ? before : { ...before, loading: true };
    case 'arrived':
      return { data: step.data, problem: null, at: step.at, loading: false };
    case 'failed':
      return { ...before, problem: step.problem, loading: false };
  }
}

export interface LiveResource<Data> {
  readonly state: ReadonlySignal<Resource<Data>>;
  /** Asks again; calls while one is under way collapse into a single follow-up. */
  refresh(): Promise<void>;
  /** Changes the data in place, for what arrives over the stream. */
  update(change: (data: Data) => Data): void;
}

/** A resource that is loaded on demand, at most one request at a time. */
export function createResource<Data>(
  load: () => Promise<Data>,
  now: () => number = Date.now,
): LiveResource<Data> {
  const state = signal<Resource<Data>>(UNKNOWN);
  let running: Promise<void> | null = null;
  let again = false;

  async function run(): Promise<void> {
    do {
      again = false;
      state.value = stepResource(state.value, { type: 'asked' });
      try {
        const data = await load();
        state.value = stepResource(state.value, { type: 'arrived', data, at: now() });
      } catch (error) {
        state.value = stepResource(state.value, { type: 'failed', problem: asProblem(error) });
      }
    } while (again);
  }

  return {
    state,
    refresh() {
      if (running !== null) again = true;
      running ??= run().finally(() => {
        running = null;
      });
      return running;
    },
    update(change) {
      const { data, at } = state.value;
      if (data === null) return;
      state.value = { ...state.value, data: change(data), at: Math.max(at ?? 0, now()) };
    },
  };
}

export function asProblem(error: unknown): RequestProblem {
  if (error instanceof RequestProblem) return error;
  return new RequestProblem('unexpected', 'The answer could not be read.', 0);
}
