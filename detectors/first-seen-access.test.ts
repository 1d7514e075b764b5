import { describe, expect, it } from 'vitest';
import type { Destination } from '../src/core/access-event.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { type EventBuilder, scenario } from '../src/engine/detect/testing/scenario.ts';
import firstSeenAccess from './first-seen-access.ts';

detectorConformance(firstSeenAccess);

const BOB: Destination = { type: 'email', value: '[email:k:bob]', group: 'example.com' };
const EVE: Destination = { type: 'email', value: '[email:k:eve]', group: 'evil.example' };
const INTENT = { text: 'Send the invoice to [email:k:bob].' };

const agent = scenario('acme').agent('invoice-bot').having({ intent: INTENT });

/** Thirty sessions in which the agent mailed Bob and read the portal. */
function practised(): DetectorRun {
  const run = new DetectorRun(firstSeenAccess);
  for (let index = 0; index < 30; index += 1) {
    const session = agent.at(index).session(`s-${index}`);
    run.see(to(session, BOB).calls('send_email', 'write'));
    run.see(to(session, host('portal.example')).calls('browse_webpage', 'list'));
  }
  return run;
}

const to = (builder: EventBuilder, ...destinations: Destination[]) =>
  builder.having({ destinations });
const host = (value: string): Destination => ({ type: 'host', value, group: value });
const now = agent.at(100).session('s-now');

describe('first_seen_access', () => {
  it('asks for approval when a tool is used on what it was never used on', () => {
    const [verdict] = practised().see(to(now, EVE).calls('send_email', 'write'));
    expect(verdict).toMatchObject({
      level: 'high',
      trip: { key: 'session', level: 2 },
      title: 'send_email used on a recipient never seen before',
      measures: { sessions: 30, first_seen: 1 },
    });
    expect(JSON.stringify(verdict?.facts)).not.toContain('eve');
  });

  it('says nothing of what is known, or named by the task', () => {
    expect(practised().see(to(now, BOB).calls('send_email', 'write'))).toEqual([]);
    const named = now.having({ intent: { text: 'Mail [email:k:eve] about www.Evil.example/x.' } });
    const run = practised();
    expect(run.see(to(named, EVE).calls('send_email', 'write'))).toEqual([]);
    expect(run.see(to(named, host('evil.example')).calls('browse_webpage', 'list'))).toEqual([]);
  });

  it('remembers the task from the start of the session', () => {
    const run = practised();
    const intent = { text: 'Mail [email:k:eve].' };
    run.see(now.having({ kind: 'task_start', intent }).calls('invoice', 'unknown'));
    const later = scenario('acme').agent('invoice-bot').at(101).session('s-now');
    expect(run.see(to(later, EVE).calls('send_email', 'write'))).toEqual([]);
  });

  it('looks at hosts alone in a task never seen before, to its end', () => {
    const run = practised();
    const fresh = now.session('s-new').having({ intent: { text: 'Pay the supplier.' } });
    expect(run.see(to(fresh, BOB).calls('send_email', 'write'))).toEqual([]);
    expect(run.see(to(fresh, EVE).calls('send_email', 'write'))).toEqual([]);
    expect(run.see(to(fresh, host('evil.example')).calls('post_form', 'write'))).toHaveLength(1);
  });

  it('tells one tool from another on the same destination', () => {
    const run = practised();
    const portal = host('portal.example');
    expect(run.see(to(now, portal).calls('browse_webpage', 'list'))).toEqual([]);
    expect(run.see(to(now, portal).calls('post_form', 'write'))[0]?.trip?.level).toBe(2);
  });

  it('looks at hosts alone when data is read, and at no path', () => {
    const run = practised();
    const path: Destination = { type: 'path', value: '/srv' };
    expect(run.see(to(now, EVE, path).calls('search_mail', 'read'))).toEqual([]);
    expect(run.see(to(now, path).calls('write_file', 'write'))).toEqual([]);
    expect(run.see(to(now, host('evil.example')).calls('get_page', 'read'))).toHaveLength(1);
  });

  it('does not judge while everything would be new', () => {
    const run = new DetectorRun(firstSeenAccess);
    const event = to(now, host('new.example')).calls('post_form', 'write');
    expect(run.blindFor(event)).toBe('history');
    expect(run.see(event)).toEqual([]);
  });

  it.each(['denied', 'failure', 'timeout', 'cancelled'] as const)('lets a call %s be', (status) => {
    const event = to(now.outcome(status), EVE).calls('send_email', 'write');
    expect(practised().see(event)).toEqual([]);
  });

  it('takes no notice of a kind of destination that is new nearly every time', () => {
    const run = practised();
    const order = (index: number) => ({ type: 'object', value: `[id:k:${index}]`, group: 'order' });
    for (let index = 0; index < 12; index += 1) {
      const session = agent.at(60 + index).session(`o-${index}`);
      run.see(to(session, order(index)).calls('refund_order', 'write'), { learn: true });
    }
    const late = run.see(to(now, order(99)).calls('refund_order', 'write'));
    expect(late).toEqual([]);
  });

  it('learns under suspicion only what several sessions did', () => {
    const run = practised();
    const seen = [1, 2, 3, 4].map((index) => {
      const session = agent.at(200 + index).session(`e-${index}`);
      return run.see(to(session, EVE).calls('send_email', 'write')).length;
    });
    expect(seen).toEqual([1, 1, 1, 0]);
  });

  it('names what it lacks where a call shows no arguments', () => {
    expect(practised().blindFor(now.calls('send_email', 'write'))).toBe('action.arguments');
    const bare = now.having({ destinations: [] }).calls('send_email', 'write');
    expect(practised().blindFor(bare)).toBeNull();
  });
});
