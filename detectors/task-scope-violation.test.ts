import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import outOfScopeAccess from './out-of-scope-access.ts';
import taskScopeViolation from './task-scope-violation.ts';

detectorConformance(taskScopeViolation);

const GRANTED = ['send_email', 'read_mail'];
const agent = scenario('acme')
  .agent('invoice-bot')
  .scopes(GRANTED)
  .having({ intent: { text: 'Send the invoice.' } });
const now = agent.at(100).session('s-now');

/** Thirty sessions of one task; from the tenth on a tool outside the grant is used in it. */
function practised(detector = taskScopeViolation): DetectorRun {
  const run = new DetectorRun(detector);
  for (let index = 0; index < 30; index += 1) {
    const session = agent.at(index).session(`s-${index}`);
    run.see(session.calls('send_email', 'write'));
    if (index >= 10) run.see(session.calls('archive_invoice', 'write'), { learn: true });
  }
  return run;
}

describe('task_scope_violation', () => {
  it('asks for approval after a sensitive call that the task was not granted', () => {
    const [verdict] = practised().see(now.calls('delete_account', 'delete'));
    expect(verdict).toMatchObject({
      level: 'high',
      trip: { key: 'session', level: 2 },
      title: 'delete_account is outside the scope of its task',
      facts: { task: 'known' },
    });
  });

  it('says nothing of granted tools, reads and quiet calls', () => {
    const run = practised();
    expect(run.see(now.calls('send_email', 'write'))).toEqual([]);
    expect(run.see(now.calls('search_orders', 'list'))).toEqual([]);
    expect(run.see(now.calls('create_folder', 'write'))).toEqual([]);
    expect(run.see(now.outcome('denied').calls('delete_account', 'delete'))).toEqual([]);
  });

  it('lets be what sessions with this task did before, and only with this task', () => {
    const run = practised();
    expect(run.see(now.calls('archive_invoice', 'write'))).toEqual([]);
    const other = now.session('s-other').having({ intent: { text: 'Clean up the mailbox.' } });
    expect(run.see(other.calls('archive_invoice', 'write'))).toHaveLength(1);
  });

  it('judges by tool names only where grants are known to name tools', () => {
    const unknown = scenario('acme').agent('other').scopes(['https://scopes.example/mail']);
    const run = new DetectorRun(taskScopeViolation);
    expect(run.see(unknown.calls('delete_account', 'delete'))).toEqual([]);
  });

  it('takes over from out_of_scope_access where scopes of events do not bind', () => {
    const loose = (index: number) => agent.at(200 + index).session(`l-${index}`);
    const strict = new DetectorRun(outOfScopeAccess);
    const soft = new DetectorRun(taskScopeViolation);
    for (const run of [strict, soft]) run.see(agent.session('first').calls('send_email', 'write'));
    const levels = [0, 1, 2, 3, 4, 5].map((index) => {
      const event = loose(index)
        .scopes(GRANTED, [`tool_${index}`])
        .calls(`tool_${index}`, 'write');
      return [strict, soft].map((run) => run.see(event, { learn: true })[0]?.trip?.level);
    });
    expect(levels[0]).toEqual([4, undefined]);
    expect(levels.at(-1)?.[1]).toBe(2);
  });

  it('names what it lacks', () => {
    const bare = scenario('acme').agent('bot').calls('delete_account', 'delete');
    expect(practised().blindFor(bare)).toBe('scopes.granted');
  });
});
