import { describe, expect, it } from 'vitest';
import type { ChainExecutionBody, ChainLinkBody } from '../../../../src/api/contract.ts';
import { executionRuns } from './executions.ts';

function call(seq: number, action: string, outcome: Partial<ChainLinkBody> = {}) {
  const present: ChainLinkBody = { state: 'present', seq, reason: null };
  const shared = { request: present, decision: present, approval: present, token: present };
  const execution: ChainExecutionBody = {
    ...{ seqs: [seq], event_id: `evt-${seq}`, agent: 'bot', action },
    links: { ...shared, outcome: { ...present, ...outcome } },
  };
  return execution;
}

describe('calls of a chain', () => {
  it('are one line where they repeat, and stay in their order', () => {
    const missing = { state: 'missing', reason: 'outcome_missing' };
    const calls = [
      call(1, 'list'),
      call(2, 'list'),
      call(3, 'list', missing),
      call(4, 'send'),
      call(5, 'list'),
    ];
    const seen = executionRuns(calls).map(({ execution, times }) => [execution.seqs[0], times]);
    expect(seen).toEqual([
      [1, 2],
      [3, 1],
      [4, 1],
      [5, 1],
    ]);
    expect(executionRuns([])).toEqual([]);
  });
});
