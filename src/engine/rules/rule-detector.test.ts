import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import type { Rule, RuleCorrelation } from '../../core/rule.ts';
import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { DetectorRun, detectorConformance } from '../detect/testing/conformance.ts';
import { scenario } from '../detect/testing/scenario.ts';
import { ruleDetector } from './rule-detector.ts';

const RULE: Rule = {
  id: 'sends_much',
  title: 'Sends much',
  description: 'this agent sends much',
  level: 'high',
  score: 70,
  breakerLevel: 2,
  mode: 'alert',
  key: 'session',
  match: ['tool_call'],
  selections: { match: 'event.action.op == "write"' },
  correlation: null,
  evidence: ['action.name', 'resource.type'],
  runbook: 'https://example.com/r',
  dedupMs: HOUR_MS,
};

const COUNT: RuleCorrelation = {
  type: 'event_count',
  selections: ['match'],
  groupBy: ['agent.id', 'session.id'],
  timespanMs: 10 * MINUTE_MS,
  gte: 3,
  field: null,
};
const VALUES: RuleCorrelation = { ...COUNT, type: 'value_count', field: 'resource.id' };
const STEPS = { ...RULE, selections: { read: isTool('read'), send: isTool('send') } };
const ORDERED: RuleCorrelation = {
  ...COUNT,
  type: 'temporal_ordered',
  selections: ['read', 'send'],
  gte: 2,
};

detectorConformance(ruleDetector({ ...RULE, id: 'values', correlation: VALUES }));
detectorConformance(
  ruleDetector({ ...RULE, id: 'tenant', correlation: { ...COUNT, groupBy: ['resource.type'] } }),
);
detectorConformance(ruleDetector({ ...STEPS, id: 'ordered', correlation: ORDERED }));

function isTool(name: string): string {
  return `event.action.name == "${name}"`;
}

/** Minutes at which a run of writes of one session makes the rule fire. */
function firesAt(correlation: RuleCorrelation, minutes: readonly number[]): readonly number[] {
  const run = new DetectorRun(ruleDetector({ ...RULE, correlation }));
  const session = scenario('acme').agent('bot').session('s-1').on('crm', 'c-1');
  return minutes.filter((minute) => run.see(session.at(minute).writes()).length > 0);
}

describe('event_count', () => {
  it('fires once enough events lie within the timespan', () => {
    expect(firesAt(COUNT, [0, 6, 11, 15, 26])).toEqual([15]);
  });

  it('counts each group by itself', () => {
    const run = new DetectorRun(ruleDetector({ ...RULE, correlation: COUNT }));
    const agent = scenario('acme').agent('bot');
    const told = ['a', 'b', 'c', 'a', 'b', 'a'].map(
      (session, minute) => run.see(agent.at(minute).session(session).writes()).length,
    );
    expect(told).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('never counts more than the timespan holds where it counts by parts', () => {
    const many = { ...COUNT, gte: LIMITS.ruleCountedExactly + 8 };
    const oneAMinuteAndMore = Array.from({ length: 400 }, (_none, index) => index / 3.8);
    expect(firesAt(many, oneAMinuteAndMore)).toEqual([]);
    const burst = Array.from({ length: 100 }, (_none, index) => index / 60);
    expect(firesAt(many, burst)[0]).toBeCloseTo((many.gte - 1) / 60, 5);
  });

  it('is blind where an event that matches lacks a field to group by', () => {
    const run = new DetectorRun(ruleDetector({ ...RULE, correlation: COUNT }));
    const agent = scenario('acme').agent('bot').at(1);
    expect(run.blindFor(agent.writes())).toBe('session.id');
    expect(run.blindFor(agent.reads(1))).toBeNull();
  });
});

describe('value_count', () => {
  it('counts different values, each once', () => {
    const run = new DetectorRun(ruleDetector({ ...RULE, correlation: VALUES }));
    const agent = scenario('acme').agent('bot').session('s-1');
    const told = ['a', 'a', 'b', 'a', 'c', 'd'].map(
      (id, minute) => run.see(agent.at(minute).on('crm', id).writes()).length,
    );
    expect(told).toEqual([0, 0, 0, 0, 1, 1]);
  });
});

describe('temporal', () => {
  function told(type: 'temporal' | 'temporal_ordered', tools: readonly [string, number][]) {
    const run = new DetectorRun(ruleDetector({ ...STEPS, correlation: { ...ORDERED, type } }));
    const session = scenario('acme').agent('bot').session('s-1');
    return tools.map(([tool, minute]) => run.see(session.at(minute).calls(tool)).length);
  }

  it('wants the order only when ordered', () => {
    expect(
      told('temporal', [
        ['send', 0],
        ['read', 1],
      ]),
    ).toEqual([0, 1]);
    expect(
      told('temporal_ordered', [
        ['send', 0],
        ['read', 1],
      ]),
    ).toEqual([0, 0]);
    expect(
      told('temporal_ordered', [
        ['read', 0],
        ['other', 1],
        ['send', 2],
      ]),
    ).toEqual([0, 0, 1]);
  });

  it('wants all within the timespan, and starts afresh once it fired', () => {
    expect(
      told('temporal', [
        ['read', 0],
        ['send', 11],
        ['read', 12],
      ]),
    ).toEqual([0, 0, 1]);
    expect(
      told('temporal_ordered', [
        ['read', 0],
        ['send', 11],
      ]),
    ).toEqual([0, 0]);
    expect(
      told('temporal_ordered', [
        ['read', 0],
        ['send', 1],
        ['send', 2],
      ]),
    ).toEqual([0, 1, 0]);
  });
});

describe('a rule', () => {
  const event = scenario('acme').agent('bot').session('s-1').at(1).writes('send_mail');

  it('says what it found, with the fields asked for', () => {
    const [verdict] = new DetectorRun(ruleDetector(RULE)).see(event);
    expect(verdict).toMatchObject({
      title: 'Sends much',
      explanation: 'This agent sends much.',
      facts: { 'action.name': 'send_mail', runbook: 'https://example.com/r' },
      trip: { key: 'session', level: 2 },
    });
  });

  it('forgets what an earlier version of it counted', () => {
    const run = new DetectorRun(ruleDetector({ ...RULE, correlation: { ...COUNT, gte: 2 } }));
    run.see(event);
    const changed = new DetectorRun(ruleDetector({ ...RULE, correlation: { ...COUNT, gte: 1 } }));
    changed.state = run.state;
    const next = scenario('acme').agent('bot').session('s-1').at(2).writes();
    expect(changed.see(next)[0]?.actual).toBe(1);
  });

  it('is blind, not gone, where this build does not take its condition', () => {
    const run = new DetectorRun(ruleDetector({ ...RULE, selections: { match: 'no.such' } }));
    expect(run.blindFor(event)).toBe('condition');
  });
});
