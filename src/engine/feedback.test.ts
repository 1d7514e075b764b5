import { describe, expect, it } from 'vitest';
import type { FeedbackVerdict } from '../core/feedback.ts';
import { precisionOf } from '../core/feedback.ts';
import { LIMITS } from '../core/limits.ts';
import { countsOf, createFeedback, takeFeedback } from './feedback.ts';
import { Shard } from './shard.ts';
import { restore, type SnapshotChunk, snapshot } from './snapshot.ts';
import { EntryWriter, OBEDIENT } from './testing/entries.ts';

function said(finding: string, verdict: FeedbackVerdict, detector = 'd') {
  return { type: 'feedback', actor: 'kim', reason: 'r', finding, detector, verdict } as const;
}

describe('feedback', () => {
  it('counts by detector, and a change of mind once', () => {
    const state = createFeedback();
    takeFeedback(state, said('1-0', 'true'), 1);
    takeFeedback(state, said('2-0', 'false'), 2);
    takeFeedback(state, said('2-0', 'benign'), 3);
    takeFeedback(state, said('evt', 'missed', 'other'), 4);
    expect(countsOf(state, 'd')).toEqual({ true: 1, false: 0, benign: 1, missed: 0 });
    expect(countsOf(state, 'other').missed).toBe(1);
    expect(state.latest.get('2-0')).toMatchObject({ verdict: 'benign', at: 3 });
  });

  it('keeps the latest words, and all counts', () => {
    const state = createFeedback();
    for (let at = 0; at < LIMITS.feedbackKept + 10; at += 1) {
      takeFeedback(state, said(`${at}-0`, 'true'), at);
    }
    expect(state.latest.size).toBe(LIMITS.feedbackKept);
    expect(countsOf(state, 'd').true).toBe(LIMITS.feedbackKept + 10);
  });

  it('gives a precision, and none where nobody judged', () => {
    expect(precisionOf({ true: 2, false: 1, benign: 1, missed: 5 })).toBe(0.75);
    expect(precisionOf({ true: 0, false: 0, benign: 0, missed: 5 })).toBeNull();
  });

  it('is folded from the log and survives a snapshot', () => {
    const options = { registry: { detectors: [OBEDIENT] }, initialPosture: 'enforce' } as const;
    const shard = new Shard(options);
    const write = new EntryWriter();
    shard.apply([write.command('acme', said('1-0', 'false', 'obedient'))]);
    const copy = new Shard(options);
    restore(copy, JSON.parse(JSON.stringify([...snapshot(shard)])) as SnapshotChunk[]);
    const state = copy.tenants.get('acme')?.feedback;
    expect(state?.latest.get('1-0')).toMatchObject({ verdict: 'false', actor: 'kim' });
    expect(state && countsOf(state, 'obedient').false).toBe(1);
    expect([...snapshot(copy)]).toEqual([...snapshot(shard)]);
  });
});
