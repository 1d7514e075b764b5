import { describe, expect, it } from 'vitest';
import { type Effect, ENGINE_VERSION, type LogEntry } from '../core/entry.ts';
import { type Difference, ReplayComparison } from './ledger-replay.ts';
import { WhatIfComparison } from './what-if.ts';

const FINDING = {
  ...{ id: '1-0', time: 0, tenant: 'acme', agent: 'bot', eventId: 'e', detector: 'spike' },
  ...{ level: 'high', title: 'Spike' },
};

function entry(seq: number, kind: string, body: unknown, engineVersion = ENGINE_VERSION): LogEntry {
  return { seq, loggedAt: 0, kind, tenant: 'acme', engineVersion, body } as LogEntry;
}

const input = (seq: number) => entry(seq, 'input', { source: { format: 'native' } });
const recorded = (seq: number, inputSeq: number, decision: object, version = ENGINE_VERSION) =>
  entry(seq, 'finding', { inputSeq, ordinal: 0, decision }, version);
const decided = (inputSeq: number, decision: object) =>
  ({ kind: 'finding', tenant: 'acme', inputSeq, ordinal: 0, decision }) as Effect;

function compared(steps: readonly (LogEntry | Effect)[]) {
  const told: Difference[] = [];
  const comparison = new ReplayComparison((difference) => told.push(difference));
  for (const step of steps) {
    if ('seq' in step) comparison.onEntry(step);
    else comparison.onEffect(step);
  }
  return { told, result: comparison.result() };
}

describe('decisions made again', () => {
  it('are the same, whenever they were recorded', () => {
    const { told, result } = compared([
      ...[input(1), decided(1, FINDING), input(2), recorded(3, 1, FINDING)],
      ...[decided(2, FINDING), recorded(4, 2, FINDING)],
    ]);
    expect(told).toEqual([]);
    expect(result).toMatchObject({ entries: 4, inputs: 2, decisions: 2, same: 2, different: 0 });
  });

  it('differ in content, by being there, or by not being there', () => {
    const other = { ...FINDING, level: 'low' };
    const last = 10_000;
    const { told, result } = compared([
      ...[input(1), decided(1, other), recorded(2, 1, FINDING), input(3), recorded(4, 3, FINDING)],
      ...[input(5), decided(5, FINDING)],
      ...Array.from({ length: last - 5 }, (_, i) => input(i + 6)),
      decided(last, FINDING),
    ]);
    expect(told.map(({ why, seq, inputSeq }) => [why, seq, inputSeq])).toEqual([
      ['different', 2, 1],
      ['extra', 4, 3],
      ['missing', null, 5],
    ]);
    expect(result).toMatchObject({ different: 3, same: 0, pending: 1 });
  });

  it('are not held against what another version decided', () => {
    const { told, result } = compared([
      ...[input(1), decided(1, FINDING), recorded(2, 1, { ...FINDING, level: 'low' }, 1)],
      ...[input(3), decided(3, FINDING), recorded(4, 3, FINDING)],
    ]);
    expect(told).toEqual([]);
    expect(result).toMatchObject({ otherVersion: 1, same: 1, different: 0 });
  });

  it('tell how many entries are erased', () => {
    expect(compared([input(1), input(5)]).result.erased).toBe(3);
  });
});

describe('what another configuration would have made of it', () => {
  it('is told by detector, finding and breaker', () => {
    const comparison = new WhatIfComparison();
    const opening = (eventId: string) => ({
      ...{ key: { tenant: 'acme', kind: 'agent', id: 'bot' }, to: 'open', level: 4, time: 0 },
      ...{ eventId, reason: 'spike' },
    });
    comparison.onEntry(input(1));
    comparison.onEntry(recorded(2, 1, FINDING));
    comparison.onEntry(entry(3, 'transition', { inputSeq: 1, ordinal: 1, decision: opening('e') }));
    comparison.onEffect(decided(1, FINDING));
    comparison.onEffect(decided(1, { ...FINDING, eventId: 'e2' }));
    comparison.onEffect(decided(1, { ...FINDING, detector: 'novel' }));
    const { events, detectors, findings, trips } = comparison.result();
    expect(events).toBe(1);
    expect(detectors).toEqual([
      { tenant: 'acme', detector: 'novel', before: 0, now: 1, more: 1, less: 0 },
      { tenant: 'acme', detector: 'spike', before: 1, now: 2, more: 1, less: 0 },
    ]);
    expect(findings.map(({ detector, when }) => `${detector} ${when}`)).toEqual([
      'spike now',
      'novel now',
    ]);
    expect(trips).toMatchObject([{ key: 'acme/agent/bot', level: 4, when: 'before' }]);
  });
});
