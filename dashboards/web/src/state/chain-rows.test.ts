import { describe, expect, it } from 'vitest';
import type { ChainBody } from '../../../../src/api/contract.ts';
import { findingBody, stepBody } from '../testing/bodies.ts';
import { agentPath, barOf, chainRows, redactionTotals, spanOf } from './chain-rows.ts';

const chain = (own: Partial<ChainBody>): ChainBody => ({
  id: 'chain-1',
  tenants: ['acme'],
  agents: ['planner'],
  started_at: '2026-11-21T09:00:00.000Z',
  ended_at: '2026-11-21T09:00:01.000Z',
  steps: [],
  findings: [],
  executions: [],
  hops: [],
  gaps: [],
  merged: [],
  shared_keys: [],
  others: [],
  unrelated_tenants: [],
  truncated: false,
  ...own,
});

describe('the rows of a chain', () => {
  it('marks a hand-over, entering another tenant, and not the way home', () => {
    const foreign = { type: 'crm', id: '7', tenant: 'globex' };
    const rows = chainRows(
      chain({
        steps: [
          stepBody(),
          stepBody({ seq: 2, agent: 'reader', resource: foreign }),
          stepBody({ seq: 3, agent: 'reader', resource: foreign }),
          stepBody({ seq: 4, agent: 'reader' }),
        ],
        hops: [{ seq: 2, from: 'planner', to: 'reader', by: 'delegation' }],
      }),
    );
    expect(rows.map((row) => row.kind)).toEqual([
      'step',
      'delegation',
      'tenant',
      'step',
      'step',
      'step',
    ]);
    expect(rows[2]).toMatchObject({ from: 'acme', to: 'globex' });
  });

  it('marks a first step that already reaches into another tenant', () => {
    const rows = chainRows(chain({ steps: [stepBody({ resource: { tenant: 'globex' } })] }));
    expect(rows.map((row) => row.kind)).toEqual(['tenant', 'step']);
  });

  it('puts a gap where the record would be', () => {
    const gap = {
      reason: 'execution_without_decision',
      state: 'missing',
      seq: 1,
      event_id: 'evt-1',
    };
    const rows = chainRows(
      chain({ steps: [stepBody(), stepBody({ seq: 2 })], gaps: [{ ...gap, state: 'missing' }] }),
    );
    expect(rows.map((row) => row.kind)).toEqual(['step', 'gap', 'step']);
  });

  it('puts a finding after its step, and one without a step at the end', () => {
    const rows = chainRows(
      chain({
        steps: [stepBody(), stepBody({ seq: 2, event_id: 'evt-2' })],
        findings: [findingBody({ event_id: 'evt-1' }), findingBody({ event_id: 'gone' })],
      }),
    );
    expect(rows.map((row) => row.kind)).toEqual(['step', 'finding', 'step', 'finding']);
  });

  it('nests by parent span and survives a circle', () => {
    const rows = chainRows(
      chain({
        steps: [
          stepBody({ span_id: 'a', parent_span_id: 'elsewhere' }),
          stepBody({ seq: 2, span_id: 'b', parent_span_id: 'a' }),
          stepBody({ seq: 3, span_id: 'x', parent_span_id: 'y' }),
          stepBody({ seq: 4, span_id: 'y', parent_span_id: 'x' }),
        ],
      }),
    );
    const depths = rows.map((row) => (row.kind === 'step' ? row.depth : -1));
    expect(depths.slice(0, 2)).toEqual([0, 1]);
    expect(Math.max(...depths)).toBeLessThanOrEqual(6);
  });
});

describe('the figures of a chain', () => {
  it('adds up redactions by type', () => {
    const steps = [{ redactions: { email: 2, phone: 1 } }, { redactions: { email: 3 } }];
    expect(redactionTotals(steps)).toEqual([
      { type: 'email', count: 5 },
      { type: 'phone', count: 1 },
    ]);
  });

  it('lists agents in the order they first act, by tenant', () => {
    const steps = [
      stepBody({ agent: 'b' }),
      stepBody({ agent: 'a' }),
      stepBody({ agent: 'b' }),
      stepBody({ agent: 'b', tenant: 'globex' }),
    ];
    expect(agentPath(chain({ steps })).map((one) => `${one.tenant}/${one.agent}`)).toEqual([
      'acme/b',
      'acme/a',
      'globex/b',
    ]);
  });

  it('keeps bars inside the chain and stretches it to the last end', () => {
    const late = stepBody({ time: '2026-11-21T09:00:00.500Z', latency_ms: 1500 });
    const { startMs, endMs } = spanOf(chain({ steps: [late] }));
    expect(endMs - startMs).toBe(2000);
    expect(barOf(late, startMs, endMs)).toEqual({ from: 25, span: 75 });
    expect(barOf({ time: 'never', latency_ms: null }, startMs, endMs)).toEqual({
      from: 0,
      span: 0,
    });
  });
});
