import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import runawayLoop from './runaway-loop.ts';

detectorConformance(runawayLoop);

const agent = scenario('acme').agent('bot').session('s-1');
const asking = (minute: number, query: string) =>
  agent.at(minute).having({ action: { name: 'search', op: 'read', arguments: { query } } });

/** One call every `seconds`, asking for what `query` says. */
function asked(
  count: number,
  query: (index: number) => string,
  seconds = 3,
  run = new DetectorRun(runawayLoop),
) {
  return Array.from({ length: count }, (_, index) => {
    const event = asking((index * seconds) / 60, query(index)).calls('search');
    const action = { ...event.action, arguments: { query: query(index) } };
    return run.see({ ...event, action });
  }).flat();
}

describe('runaway_loop', () => {
  it('tells when one call comes again and again', () => {
    const [first] = asked(40, () => 'status');
    expect(first).toMatchObject({
      level: 'medium',
      title: 'The same call of search 25 times in a row',
      trip: { key: 'session', level: 1 },
      measures: { pattern_calls: 1 },
    });
  });

  it('says how fast it goes round, and never every 0 seconds', () => {
    const paceOf = (seconds: number) => asked(40, () => 'status', seconds)[0]?.explanation;
    expect(paceOf(3)).toMatch(/^Every 2\.9 seconds this session asks/);
    expect(paceOf(0.02)).toMatch(/^Several times a second this session asks/);
  });

  it('tells when three calls come round and round', () => {
    const [first] = asked(120, (index) => `step-${index % 3}`);
    expect(first?.title).toBe('The same 3 calls 25 times in a row');
  });

  it('says nothing of different calls of one tool, and of slow polling', () => {
    expect(asked(200, (index) => `page-${index}`)).toEqual([]);
    expect(asked(200, () => 'status', 60)).toEqual([]);
  });

  it('asks for approval once the loop has burnt many tokens', () => {
    const run = new DetectorRun(runawayLoop);
    const seen = [];
    for (let index = 0; index < 60; index += 1) {
      const minute = index / 20;
      const thought = agent.at(minute).having({
        kind: 'model_call',
        volume: { tokensIn: 9_000, tokensOut: 200 },
      });
      run.see(thought.calls('chat', 'unknown'));
      const event = asking(minute, 'status').calls('search');
      seen.push(...run.see({ ...event, action: { ...event.action, arguments: { query: 'a' } } }));
    }
    expect(seen[0]?.trip?.level).toBe(2);
    expect(seen[0]?.explanation).toMatch(/It has cost 2\d\d,\d{3} tokens/);
  });

  it('knows how long an agent usually polls', () => {
    const run = new DetectorRun(runawayLoop);
    asked(60, (index) => (index < 59 ? 'status' : 'done'), 3, run);
    expect(asked(100, () => 'status', 3, run)).toEqual([]);
    expect(asked(140, () => 'status', 3, run)).not.toEqual([]);
  });

  it('forgets the oldest of many sessions', () => {
    const run = new DetectorRun(runawayLoop);
    for (let index = 0; index < 1_000; index += 1)
      run.see(agent.session(`s-${index}`).on('row', 'r').calls('search'));
    expect(JSON.stringify(run.state).length).toBeLessThan(1_000);
  });

  it('names what it lacks', () => {
    expect(new DetectorRun(runawayLoop).blindFor(agent.calls('search'))).toBe('action.arguments');
  });
});
