import { afterEach, describe, expect, it } from 'vitest';
import type { AccessEvent } from '../core/access-event.ts';
import type { JudgeFact } from '../core/review.ts';
import { DEFAULT_RUBRIC } from '../core/rubric.ts';
import { MINUTE_MS } from '../core/time.ts';
import type { Judge } from '../ports/judge.ts';
import { createMemoryStore } from '../store/memory/memory-store.ts';
import { createBreakerView } from './breaker-view.ts';
import { createControl } from './control.ts';
import { Evaluators } from './evaluators.ts';
import { FeedReaders } from './feed-readers.ts';
import { createReviews } from './reviews.ts';
import { inputOf, RecordingMetrics, SECRET_REDACTOR } from './testing/fixtures.ts';
import { startPartition } from './testing/started-partition.ts';

const ends: Evaluators[] = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((evaluators) => evaluators.close()));
});

const SETTLE_MS = 5 * MINUTE_MS;
const FACT: JudgeFact = { model: 'm', promptHash: 'sha256:1', score: 20, rationale: 'a secret' };

function start(more: { readonly judge?: Judge; readonly judgeAll?: boolean } = {}) {
  const { partition, clock, log, shard } = startPartition();
  const memory = createMemoryStore();
  partition.onCommitted(({ folded }) => {
    const events = folded.flatMap((entry) =>
      entry.kind === 'input'
        ? [{ seq: entry.seq, loggedAt: entry.loggedAt, event: entry.body }]
        : [],
    );
    const [first] = events;
    if (first === undefined) return;
    const none = { findings: [], transitions: [], chainLinks: [] };
    const range = { firstSeq: first.seq, lastSeq: events.at(-1)?.seq ?? first.seq };
    void memory.project({ ...range, ...none, events });
  });
  const state = { down: false };
  const store = {
    chain: async (...asked: Parameters<typeof memory.chain>) => {
      if (state.down) throw new Error('store is down');
      return memory.chain(...asked);
    },
  };
  const view = {
    chainClock: () => ({
      ...{ logTime: clock.now(), graceMs: 0, decisions: null, tokens: null, executions: null },
    }),
  };
  const redactor = SECRET_REDACTOR;
  const breakers = createBreakerView(partition, redactor, new FeedReaders(clock));
  const control = createControl({ partition, redactor, view: breakers, clock });
  const metrics = new RecordingMetrics();
  const reading = { partition, store, view, rubric: () => DEFAULT_RUBRIC };
  const projector = { reached: async () => {} };
  const running = new Evaluators({
    ...{ ...reading, projector, control, settleMs: SETTLE_MS, judgeAll: false },
    ...{ clock, log, metrics, ...more },
  });
  ends.push(running);
  const reviews = createReviews(reading);
  const call = (id: string, own: Partial<AccessEvent> = {}) => {
    const action = { name: 'send', op: 'write' } as const;
    const trace = { traceId: `trace-${id}` };
    const scopes = { granted: [], required: ['mail.send'] };
    return partition.decide([inputOf({ id, time: clock.now(), action, trace, scopes, ...own })]);
  };
  const results = () => Object.fromEntries(metrics.values);
  return { partition, shard, clock, log, state, control, reviews, call, results };
}

/** Nothing is missing that applies. */
const SOUND: Partial<AccessEvent> = {
  ...{ principal: { sub: 'alice' }, intent: { text: 'pay' }, reasoning: 'asked for' },
  scopes: { granted: ['mail.send'], required: ['mail.send'] },
  decision: { verdict: 'allow', policy: { id: 'p', version: '1' } },
};

describe('evaluators', () => {
  it('ask for a review of what scores low, once the chain has settled', async () => {
    const { call, clock, reviews, results } = start();
    await call('a');
    await clock.advance(SETTLE_MS - MINUTE_MS);
    await call('b', { trace: { traceId: 'trace-a' } });
    await clock.advance(SETTLE_MS - MINUTE_MS);
    expect(reviews.list('*', 'all')).toEqual([]);
    await clock.advance(2 * MINUTE_MS);
    expect(reviews.list('*', 'open')).toMatchObject([
      {
        ...{ tenant: 'acme', chain: 'trace-a', agents: ['bot'], rubric: 'default-1', judge: null },
        failed: ['principal_named', 'scope_covers', 'purpose_given', 'reasoning_given'],
      },
    ]);
    expect(results()).toEqual({ 'tripcoil_evaluations_total review': 1 });
  });

  it('leave sound chains, proposals and history alone', async () => {
    const { call, clock, reviews, results } = start();
    await call('a', SOUND);
    await call('b', { phase: 'proposed' });
    await call('c', { history: true });
    await clock.advance(SETTLE_MS + MINUTE_MS);
    expect(reviews.list('*', 'all')).toEqual([]);
    expect(results()).toEqual({ 'tripcoil_evaluations_total pass': 1 });
  });

  it('add what the judge says, redacted, and need it for nothing', async () => {
    const briefs: string[] = [];
    const judge: Judge = {
      judge: async (brief) => {
        briefs.push(brief);
        return briefs.length === 1 ? FACT : null;
      },
    };
    const { call, clock, reviews } = start({ judge });
    await call('a', { action: { name: 'send', op: 'write', arguments: { to: 'hidden' } } });
    await call('b');
    await call('sound', SOUND);
    await clock.advance(SETTLE_MS + MINUTE_MS);
    const judged = reviews.list('*', 'open').map(({ chain, judge: fact }) => [chain, fact]);
    expect(judged.toSorted()).toEqual([
      ['trace-a', { ...FACT, rationale: 'a [x]' }],
      ['trace-b', null],
    ]);
    expect(briefs).toHaveLength(2);
    expect(JSON.parse(briefs[0] ?? '')).toMatchObject({ steps: [{ action: 'send' }], records: 1 });
    expect(briefs[0]).not.toContain('hidden');
  });

  it('ask for a review of what only the judge doubts, where it is asked of all', async () => {
    const { call, clock, reviews } = start({ judge: { judge: async () => FACT }, judgeAll: true });
    await call('a', SOUND);
    await clock.advance(SETTLE_MS + MINUTE_MS);
    expect(reviews.list('*', 'open')).toMatchObject([
      { score: 100, failed: [], judge: { score: 20 } },
    ]);
  });

  it('go on when the store is away', async () => {
    const { call, clock, reviews, state, results } = start();
    state.down = true;
    await call('a');
    await clock.advance(SETTLE_MS + MINUTE_MS);
    expect(results()).toEqual({ 'tripcoil_evaluations_total failed': 1 });
    state.down = false;
    await call('b');
    await clock.advance(SETTLE_MS + MINUTE_MS);
    expect(reviews.list('*', 'open')).toHaveLength(1);
  });
});

describe('a review', () => {
  it('is decided once, by a named person, and shows it', async () => {
    const { call, clock, reviews, control } = start();
    await call('a');
    await clock.advance(SETTLE_MS + MINUTE_MS);
    const id = reviews.list(['acme'], 'open')[0]?.id ?? '';
    const order = { type: 'review_decide', actor: 'kim', reason: 'a secret', review: id } as const;
    await control.command('acme', { ...order, verdict: 'unacceptable' });
    expect(reviews.find(['acme'], id)?.decided).toMatchObject({
      ...{ verdict: 'unacceptable', by: 'kim', note: 'a [x]' },
    });
    expect([reviews.find(['globex'], id), reviews.list(['acme'], 'open')]).toEqual([null, []]);
    const again = control.command('acme', { ...order, verdict: 'acceptable' });
    await expect(again).rejects.toMatchObject({ code: 'conflict' });
    const unknown = control.command('acme', { ...order, review: 'r0', verdict: 'acceptable' });
    await expect(unknown).rejects.toMatchObject({ code: 'not_found' });
  });

  it('can be looked into beforehand: a chain is scored when asked', async () => {
    const { call, reviews } = start();
    await call('a');
    expect(await reviews.evaluate('acme', 'trace-a')).toMatchObject({ verdict: 'review' });
    expect(await reviews.evaluate('globex', 'trace-a')).toBeNull();
  });
});
