import type { AccessEvent } from '../../core/access-event.ts';
import { type ChainExecution, judgeChain } from '../../core/chain-links.ts';
import { type ChainStep, roleOf, stepOf } from '../../core/chain-step.ts';
import { LIMITS } from '../../core/limits.ts';
import { type EpochMs, SECOND_MS } from '../../core/time.ts';
import { type ChainKeys, peek } from './chain-keys.ts';
import { type ChainNode, type LogPlace, rootOf } from './chain-node.ts';
import { type CountedCalls, waitingBeside } from './counted-calls.ts';
import { LogQueue } from './log-queue.ts';
import { chainClock, type SourcesHeard } from './sources.ts';

export interface HeldStep {
  readonly chain: ChainNode;
  readonly step: ChainStep;
}

/** The latest records of all chains of a tenant, in order of the log, each with its chain. */
export interface HeldSteps {
  readonly queue: LogQueue<HeldStep>;
  /** Of those, the executions not settled yet. */
  readonly waiting: Map<number, HeldStep>;
  /** Log time before which nothing new can be settled; null while nothing waits. */
  settleAt: EpochMs | null;
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
  return { queue: new LogQueue(), waiting: new Map(), settleAt: null, overlooked: 0 };
}

/**
 * Keeps a record for `settleExecutions`, as long as its decision may still come. Nothing
 * is held before the first decision of a source: without one, nothing is ever missing.
 */
export function holdStep(
  index: Holding,
  chain: ChainNode,
  event: AccessEvent,
  { seq, loggedAt }: LogPlace,
  graceMs: number = LIMITS.decisionGraceMs,
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
  const one = { chain, step };
  index.held.queue.set(seq, one);
  if (role !== 'tool_call') return;
  index.held.waiting.set(seq, one);
  index.held.settleAt ??= loggedAt + graceMs + 1;
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
    held.waiting.delete(seq);
    if (step.loggedAt >= from && step.role === 'tool_call') held.overlooked += 1;
    const root = rootOf(chain);
    if (root.steps?.[0]?.seq === seq) root.steps.shift();
    else root.steps = root.steps?.filter((one) => one.seq !== seq) ?? null;
    if (root.steps?.length === 0) root.steps = null;
  }
}

/** Whether it ran without a decision, or after a deny. */
function isUndecided({ decision: { state, reason } }: ChainExecution): boolean {
  const missing = state === 'missing' && reason === 'execution_without_decision';
  return missing || reason === 'execution_after_deny';
}

/**
 * An execution that no decision allowed, or that one denied, with its chain and those of its
 * records that are still held.
 */
export interface SettledExecution {
  readonly chain: string;
  readonly execution: ChainExecution;
  readonly steps: readonly ChainStep[];
}

/**
 * Of the executions that wait, settles those whose decision can come no more, and tells of each
 * without one just once. What waits for a slower source is looked at again.
 */
export function settleExecutions(
  index: Holding,
  logTime: EpochMs,
  graceMs: number = LIMITS.decisionGraceMs,
): readonly SettledExecution[] {
  const { held } = index;
  release(held, logTime);
  const due = dueChains(index, logTime, graceMs);
  const clock = chainClock(index.sources, logTime, graceMs);
  const told: SettledExecution[] = [];
  for (const together of due.chains) {
    const steps = together.flatMap((chain) => chain.steps ?? []);
    for (const execution of judgeChain(steps, clock).executions) {
      const own = steps.filter(({ seq }) => execution.seqs.includes(seq));
      if (
        execution.decision.state === 'pending' ||
        own.some(({ loggedAt }) => loggedAt + graceMs >= logTime)
      )
        continue;
      const isNews = execution.seqs.every((seq) => held.waiting.has(seq));
      for (const seq of execution.seqs) held.waiting.delete(seq);
      if (!isNews || !isUndecided(execution)) continue;
      told.push({ chain: together[0]?.id ?? '', execution, steps: own });
    }
  }
  held.settleAt = held.waiting.size === 0 ? null : Math.max(due.nextAt, logTime + SECOND_MS);
  return told;
}

/** Chains with an execution whose grace has passed, judged together where they may be one. */
function dueChains(
  index: Holding,
  logTime: EpochMs,
  graceMs: number,
): { readonly chains: readonly (readonly ChainNode[])[]; readonly nextAt: EpochMs } {
  const { watermark } = chainClock(index.sources, logTime, graceMs).decisions ?? NOTHING_HEARD;
  const beside = waitingBeside(index.counted, (session) => peek(index, 'session', session));
  const seen = new Set<ChainNode>();
  const chains: (readonly ChainNode[])[] = [];
  for (const { chain, step } of index.held.waiting.values()) {
    const dueAt = step.loggedAt + graceMs + 1;
    if (dueAt > logTime) return { chains, nextAt: dueAt };
    if (step.time >= watermark) continue;
    const root = rootOf(chain);
    if (seen.has(root)) continue;
    if (chains.length >= LIMITS.chainsSettledAtOnce) return { chains, nextAt: logTime };
    const together = [...(beside.get(root) ?? [root])];
    for (const one of together) seen.add(one);
    chains.push(together);
  }
  return { chains, nextAt: logTime + LIMITS.chainsSettledEveryMs };
}

const NOTHING_HEARD = { watermark: Number.NEGATIVE_INFINITY };
