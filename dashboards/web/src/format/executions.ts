import type { ChainExecutionBody } from '../../../../src/api/contract.ts';
import { linkWords } from './gap.ts';

export interface ExecutionRun {
  /** The first of the run. */
  readonly execution: ChainExecutionBody;
  readonly times: number;
}

/** Calls in their order; those in a row that differ in nothing a list would show are one. */
export function executionRuns(executions: readonly ChainExecutionBody[]): readonly ExecutionRun[] {
  const runs: { execution: ChainExecutionBody; times: number; looks: string }[] = [];
  for (const execution of executions) {
    const looks = looksOf(execution);
    const last = runs.at(-1);
    if (last?.looks === looks) last.times += 1;
    else runs.push({ execution, times: 1, looks });
  }
  return runs;
}

function looksOf(execution: ChainExecutionBody): string {
  const { action, agent, seqs } = execution;
  return JSON.stringify([action, agent, seqs.length, linkWords(execution)]);
}
