import type { AccessEvent } from '../../core/access-event.ts';
import { type ChainExecution, judgeChain } from '../../core/chain-links.ts';
import { type ChainStep, roleOf, stepOf } from '../../core/chain-step.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { type ChainKeys, peek } from './chain-keys.ts';
import { type ChainNode, type LogPlace, rootOf } from './chain-node.ts';
import { type CountedCalls, waitingBeside } from './counted-calls.ts';
import { LogQueue } from './log-queue.ts';
import { chainClock, type SourcesHeard } from './sources.ts';

/** The latest records of all chains of a tenant, in order of the log, each with its chain. */
export interface HeldSteps {
  readonly queue: LogQueue<{ readonly chain: ChainNode; readonly step: ChainStep }>;
  /** Executions dropped before they could be judged, for want of room. */
  overlooked: number;
}

/** Of a tenant's index, what the question of decisions needs. */
interface Holding extends ChainKeys {
  readonly sources: SourcesHeard;
  readonly held: HeldSteps;
  readonly counted: CountedCalls;
}

export function createHeld(): HeldSteps {
  return { queue: new LogQueue(), overlooked: 0 };
}

/**
 * Keeps a record for `executionsWithoutDecision`, as long as its decision may still come. Nothing
 * is held before the first decision of a source: without one, nothing is ever missing.
 */
export function holdStep(
  index: Holding,
  chain: ChainNode,
  event: AccessEvent,
  { seq, loggedAt }: LogPlace,
): void {
  if (index.sources.decisions.size === 0) return;
  release(index.held, loggedAt);
  const role = roleOf(event);
  if (role === 'other') return;
  const steps = chain.steps ?? [];
  if (steps.length >= LIMITS.chainSteps) {
    if (role === 'tool_call') index.held.overlooked += 1;
    return;
  }
  const step = stepOf(event, seq, loggedAt);
  steps.push(step);
  chain.steps = steps;
  index.held.queue.set(seq, { chain, step });
}

/** Lets go of what was logged too long ago, and of the oldest where there is no room. */
function release(held: HeldSteps, logTime: EpochMs): void {
  const from = logTime - 2 * LIMITS.latenessMs;
  for (;;) {
    const oldest = held.queue.oldest();
    if (oldest === null) return;
    const { chain, step } = oldest;
    const { seq } = step;
    const full = held.queue.size >= LIMITS.chainStepsHeld;
    if (step.loggedAt >= from && !full) return;
    held.queue.delete(seq);
    if (step.loggedAt >= from && step.role === 'tool_call') held.overlooked += 1;
    const root = rootOf(chain);
    if (root.steps?.[0]?.seq === seq) root.steps.shift();
    else root.steps = root.steps?.filter((one) => one.seq !== seq) ?? null;
    if (root.steps?.length === 0) root.steps = null;
  }
}

/** An execution that no decision allowed, or that one denied, with its chain. */
export interface UndecidedExecution {
  readonly chain: string;
  readonly execution: ChainExecution;
}

/**
 * What ran without a decision, or after a deny, as known by `logTime`: only after the grace and
 * once the sources of decisions have told of later times. A pure reading of what is held; the same
 * execution is told until it leaves, twice `latenessMs` after it was logged.
 */
export function executionsWithoutDecision(
  index: Holding,
  logTime: EpochMs,
  graceMs: number = LIMITS.decisionGraceMs,
): readonly UndecidedExecution[] {
  const clock = chainClock(index.sources, logTime, graceMs);
  const undecided: UndecidedExecution[] = [];
  const judged = new Set<ChainNode>();
  const beside = waitingBeside(index.counted, (session) => peek(index, 'session', session));
  for (const { chain, step } of index.held.queue.values()) {
    if (step.loggedAt + clock.graceMs >= logTime) break;
    const root = rootOf(chain);
    if (step.role !== 'tool_call' || judged.has(root)) continue;
    const together = beside.get(root);
    for (const one of together ?? []) judged.add(one);
    const steps =
      together === undefined ? root.steps : [...together].flatMap((one) => one.steps ?? []);
    for (const execution of judgeChain(steps ?? [], clock).executions) {
      const { state, reason } = execution.decision;
      const missing = state === 'missing' && reason === 'execution_without_decision';
      if (missing || reason === 'execution_after_deny') {
        undecided.push({ chain: root.id, execution });
      }
    }
  }
  return undecided;
}
