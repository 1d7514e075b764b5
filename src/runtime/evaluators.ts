import { chainIdOf } from '../core/chain.ts';
import { SYSTEM_TENANT } from '../core/entry.ts';
import { type Evaluation, failedCriteria } from '../core/evaluation.ts';
import { LIMITS } from '../core/limits.ts';
import type { JudgeFact } from '../core/review.ts';
import { isFull } from '../engine/reviews.ts';
import type { Clock } from '../ports/clock.ts';
import type { Control } from '../ports/control.ts';
import type { Judge } from '../ports/judge.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { ChainRow } from '../ports/store.ts';
import { judgeBrief } from './judge-brief.ts';
import type { Committed, Partition } from './partition.ts';
import type { Projector } from './projector.ts';
import { chainRows, evaluateRows, type ReviewsOptions } from './reviews.ts';

export interface EvaluatorsOptions extends ReviewsOptions {
  readonly partition: Pick<Partition, 'shard' | 'onCommitted'>;
  readonly projector: Pick<Projector, 'reached'>;
  readonly control: Pick<Control, 'command'>;
  /** How long nothing may come of a chain before it is evaluated. */
  readonly settleMs: number;
  /** Absent: the rubric alone. */
  readonly judge?: Judge;
  /** Whether the judge is asked of every chain, or only of those that the rubric finds wanting. */
  readonly judgeAll: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

interface Pending {
  readonly tenant: string;
  readonly chain: string;
  dueMs: number;
}

/** Named in the record as who asks for a review. */
const EVALUATOR = 'evaluator';

/**
 * Evaluates each chain in which something was executed, once nothing more has come of it for a
 * while, and asks people to review what scores low. It follows the log and never holds it up; what
 * was pending when the process stopped is evaluated only if more comes of it, or when asked for.
 */
export class Evaluators {
  readonly #options: EvaluatorsOptions;
  /** Least lately seen first. */
  readonly #pending = new Map<string, Pending>();
  readonly #stop = new AbortController();
  readonly #unsubscribe: () => void;
  readonly #done: Promise<void>;

  constructor(options: EvaluatorsOptions) {
    this.#options = options;
    this.#unsubscribe = options.partition.onCommitted((committed) => this.#note(committed));
    this.#done = this.#run();
  }

  /** Stops after the chain under way. Safe twice. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    await this.#done;
  }

  #note({ folded }: Committed): void {
    const { clock, settleMs, metrics } = this.#options;
    for (const entry of folded) {
      if (entry.kind !== 'input' || entry.tenant === SYSTEM_TENANT) continue;
      const { body: event, tenant } = entry;
      if (event.history || event.phase === 'proposed' || !EXECUTED.has(event.kind)) continue;
      const chain = chainIdOf(event);
      const key = `${tenant}\n${chain}`;
      this.#pending.delete(key);
      this.#pending.set(key, { tenant, chain, dueMs: clock.monotonicMs() + settleMs });
      if (this.#pending.size <= LIMITS.evaluationsPending) continue;
      for (const oldest of this.#pending.keys()) {
        this.#pending.delete(oldest);
        break;
      }
      metrics.count('tripcoil_evaluations_total', { result: 'dropped' });
    }
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    while (!this.#stop.signal.aborted) {
      await clock.sleep(LIMITS.evaluationLookMs, this.#stop.signal);
      for (const due of this.#due()) {
        if (this.#stop.signal.aborted) return;
        await this.#evaluate(due).catch((error: unknown) => {
          this.#options.metrics.count('tripcoil_evaluations_total', { result: 'failed' });
          const name = error instanceof Error ? error.name : 'Error';
          log.warn('chain not evaluated', { tenant: due.tenant, error: name });
        });
      }
    }
  }

  #due(): readonly Pending[] {
    const now = this.#options.clock.monotonicMs();
    const due: Pending[] = [];
    for (const [key, pending] of this.#pending) {
      if (pending.dueMs > now || due.length >= LIMITS.evaluationsAtOnce) break;
      this.#pending.delete(key);
      due.push(pending);
    }
    return due;
  }

  async #evaluate({ tenant, chain }: Pending): Promise<void> {
    const { partition, projector, store, metrics, judgeAll } = this.#options;
    await projector.reached(partition.shard.seq);
    const rows = await chainRows(store, tenant, chain);
    if (rows.length === 0) return;
    const evaluation = evaluateRows(this.#options, tenant, rows);
    metrics.count('tripcoil_evaluations_total', { result: evaluation.verdict });
    const isLow = evaluation.verdict === 'review';
    if (evaluation.verdict === 'not_applicable' || (!isLow && !judgeAll)) return;
    const judge = await this.#judged(rows, evaluation);
    const isDoubted = judge !== null && judge.score < this.#options.rubric().reviewBelow;
    if (isLow || isDoubted) await this.#ask(tenant, chain, rows, evaluation, judge);
  }

  async #judged(rows: readonly ChainRow[], evaluation: Evaluation): Promise<JudgeFact | null> {
    const { judge } = this.#options;
    return judge === undefined
      ? null
      : judge.judge(judgeBrief(rows, evaluation), this.#stop.signal);
  }

  async #ask(
    tenant: string,
    chain: string,
    rows: readonly ChainRow[],
    evaluation: Evaluation,
    judge: JudgeFact | null,
  ): Promise<void> {
    const { partition, control, metrics } = this.#options;
    const reviews = partition.shard.tenants.get(tenant)?.reviews;
    if (reviews && isFull(reviews)) {
      metrics.count('tripcoil_evaluations_total', { result: 'queue_full' });
      return;
    }
    const agents = [...new Set(rows.map(({ event }) => event.agent.id))];
    const { rubric, score } = evaluation;
    const failed = failedCriteria(evaluation);
    const request = { chain, agents, rubric, score: score ?? 0, failed, judge };
    const reason = failed.length === 0 ? 'the judge doubts it' : `failed: ${failed.join(', ')}`;
    await control.command(tenant, { type: 'review_open', actor: EVALUATOR, reason, request });
  }
}

const EXECUTED: ReadonlySet<string> = new Set(['tool_call', 'data_access']);
