import { describe, expect, it } from 'vitest';
import type { TransitionBody } from '../../../../src/api/breaker-contract.ts';
import { findingBody } from '../testing/bodies.ts';
import { FEED_FINDINGS, feedItems, mergeFindings, mergeTransitions } from './feed.ts';

const at = (second: number) => new Date(1_800_000_000_000 + second * 1000).toISOString();
const numbered = (second: number) => findingBody({ id: `${second}-0`, time: at(second) });
const step = (own: Partial<TransitionBody> = {}): TransitionBody => ({
  time: at(50),
  event_id: null,
  key: { tenant: 'acme', kind: 'agent', id: 'invoice-bot' },
  from: 'open',
  to: 'closed',
  level: 0,
  epoch: 2,
  reason: 'checked',
  class: 'operator',
  finding_id: null,
  actor: 'kim',
  ...own,
});

describe('the trips feed', () => {
  it('keeps the newest first and each finding once', () => {
    const merged = mergeFindings([numbered(1), numbered(3)], [numbered(2), numbered(3)]);
    expect(merged.map((finding) => finding.id)).toEqual(['3-0', '2-0', '1-0']);
  });

  it('is bounded and loses the oldest', () => {
    const many = Array.from({ length: FEED_FINDINGS + 5 }, (_, second) => numbered(second));
    const merged = mergeFindings([], many);
    expect(merged).toHaveLength(FEED_FINDINGS);
    expect(merged.at(-1)?.id).toBe('5-0');
  });

  it("shows people's and the timer's steps once, and leaves a detector's to its finding", () => {
    const known = mergeTransitions([], step());
    expect(known).toHaveLength(1);
    expect(mergeTransitions(known, step())).toBe(known);
    expect(mergeTransitions(known, step({ class: 'statistical', epoch: 3 }))).toBe(known);
    expect(mergeTransitions(known, step({ class: 'timer', epoch: 3 }))).toHaveLength(2);
  });

  it('leaves out held findings and other tenants', () => {
    const held = findingBody({ id: 'h', decision: { tripped: false, why: 'cold_start' } });
    const other = findingBody({ id: 'o', tenant: 'globex' });
    const items = feedItems([held, other, numbered(1)], [step()], 'acme');
    expect(items.map((item) => item.kind)).toEqual(['transition', 'finding']);
    expect(feedItems([held, other, numbered(1)], [step()], '')).toHaveLength(3);
  });
});
