import type { TripcoilConfig } from '../config/load.ts';
import type { Rubric } from '../core/rubric.ts';
import { createChatJudge } from '../judge/chat-judge.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Reviews } from '../ports/reviews.ts';
import type { Store } from '../ports/store.ts';
import type { TextPost } from '../ports/text-fetch.ts';
import type { EngineHost } from '../runtime/engine-host.ts';
import { Evaluators } from '../runtime/evaluators.ts';
import { createReviews } from '../runtime/reviews.ts';

interface Surroundings {
  readonly config: TripcoilConfig;
  readonly host: EngineHost;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Reaches https, and http on this machine. */
  readonly post: TextPost;
}

/** The review queue, and the rubric that requests are scored by from now on. */
export interface OpenReviews extends Reviews {
  /** True where it is another one than before. */
  useRubric(rubric: Rubric): boolean;
}

/** The review queue of the process, and what fills it where that is configured. */
export function openReviews(
  { config: { evaluators }, host, store, clock, log, metrics, post }: Surroundings,
  undo: AsyncDisposableStack,
): OpenReviews {
  const { settleMs, judge } = evaluators;
  let rubric = evaluators.rubric;
  const reading = { ...host, store, rubric: () => rubric };
  if (evaluators.enabled) {
    const asked = judge ? { judge: createChatJudge({ ...judge, post, clock, metrics }) } : {};
    const judgeAll = judge?.all ?? false;
    const common = { settleMs, judgeAll, clock, log, metrics };
    const running = new Evaluators({ ...reading, ...asked, ...common });
    undo.defer(() => running.close());
  }
  const useRubric = (given: Rubric): boolean => {
    const isNew = JSON.stringify(given) !== JSON.stringify(rubric);
    if (isNew) log.info('requests are scored by another rubric', { version: given.version });
    rubric = given;
    return isNew;
  };
  return { ...createReviews(reading), useRubric };
}
