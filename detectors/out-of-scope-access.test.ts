import { describe, expect, it } from 'vitest';
import type { AgentGrant } from '../src/core/grant.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { SCENARIO_START, scenario } from '../src/engine/detect/testing/scenario.ts';
import outOfScopeAccess from './out-of-scope-access.ts';

const GRANT: AgentGrant = {
  tenant: 'acme',
  agent: 'invoice-bot',
  scopes: ['mail.send', 'crm.*'],
  tools: ['send_email', 'search_*'],
  resources: ['mailbox:*', 'crm:account/*'],
};

detectorConformance(outOfScopeAccess, { grant: GRANT });

const agent = scenario('acme').agent('invoice-bot').session('s-1');

function see(event: ReturnType<typeof agent.writes>, grant: AgentGrant | null = GRANT) {
  return new DetectorRun(outOfScopeAccess, { grant }).see(event);
}

describe('out_of_scope_access', () => {
  it('says nothing of what was granted', () => {
    expect(see(agent.calls('send_email', 'write'))).toEqual([]);
    expect(see(agent.on('mailbox', 'mbx-7').calls('search_mail'))).toEqual([]);
    expect(see(agent.on('crm', 'account/9').calls('search_crm'))).toEqual([]);
    expect(see(agent.scopes(undefined, ['crm.read']).calls('search_crm'))).toEqual([]);
  });

  it('suspends the session after a sensitive call outside the granted tools', () => {
    const [verdict] = see(agent.calls('delete_account', 'delete'));
    expect(verdict).toMatchObject({
      level: 'critical',
      trip: { key: 'session', level: 4 },
      facts: { breach: 'tool', tool: 'delete_account', operation: 'delete' },
    });
    expect(verdict?.title).toContain('delete_account');
  });

  it('asks for approval after a plain read outside the grant', () => {
    const [verdict] = see(agent.on('payroll', 'p-1').calls('search_payroll'));
    expect(verdict).toMatchObject({
      level: 'high',
      trip: { key: 'session', level: 2 },
      facts: { breach: 'resource' },
    });
  });

  it('takes a read of what is labelled sensitive for a sensitive call', () => {
    const resourceFact = { match: 'payroll:*', sensitivity: 'high' };
    const run = new DetectorRun(outOfScopeAccess, { grant: GRANT, resourceFact });
    const [verdict] = run.see(agent.on('payroll', 'p-1').calls('search_payroll'));
    expect(verdict?.trip?.level).toBe(4);
  });

  it('believes the grants file on what an action does', () => {
    const actionFact = { match: 'sync_*', op: 'write' } as const;
    const run = new DetectorRun(outOfScopeAccess, { grant: GRANT, actionFact });
    expect(run.see(agent.calls('sync_all', 'unknown'))[0]?.trip?.level).toBe(4);
  });

  it('takes a missing required scope for a sensitive breach', () => {
    const event = agent.scopes(['mail.send'], ['mail.send', 'files.delete']).calls('send_email');
    expect(see(event)[0]).toMatchObject({ trip: { level: 4 }, facts: { breach: 'scope' } });
  });

  it('adds the scopes of the event to those of the grant', () => {
    const event = agent.scopes(['files.read'], ['files.read', 'mail.send']).calls('send_email');
    expect(see(event)).toEqual([]);
  });

  it("does not take an agent's own word for its scopes where a grant names them", () => {
    const own = agent.trust('agent').scopes(['files.delete'], ['files.delete']);
    expect(see(own.calls('send_email'))[0]?.facts?.['breach']).toBe('scope');
  });

  it.each(['denied', 'failure', 'timeout', 'cancelled'] as const)(
    'only scores a call %s',
    (status) => {
      const [verdict] = see(agent.outcome(status).calls('delete_account', 'delete'));
      expect(verdict).toMatchObject({ level: 'medium', trip: null, held: 'below_threshold' });
    },
  );

  it('only scores a denied plain read, as low', () => {
    expect(see(agent.outcome('denied').calls('read_logs'))[0]).toMatchObject({ level: 'low' });
  });

  it('counts an executed call of unknown outcome as done unless it was denied', () => {
    const unknown = agent.outcome('unknown');
    expect(see(unknown.calls('delete_account', 'delete'))[0]?.trip?.level).toBe(4);
    const denied = unknown.having({ decision: { verdict: 'deny' } });
    expect(see(denied.calls('delete_account', 'delete'))[0]?.trip).toBeNull();
    const proposed = unknown.having({ phase: 'proposed' });
    expect(see(proposed.calls('delete_account', 'delete'))[0]?.trip).toBeNull();
  });

  it('treats an expired grant as no grant, from the very millisecond', () => {
    const grant = { ...GRANT, validUntil: SCENARIO_START + 60_000 };
    expect(see(agent.at(0.99).calls('send_email', 'write'), grant)).toEqual([]);
    const [verdict] = see(agent.at(1).calls('send_email', 'write'), grant);
    expect(verdict).toMatchObject({ trip: { level: 4 }, facts: { breach: 'expired_grant' } });
  });

  it('does not let an event dated back escape an expired grant', () => {
    const grant = { ...GRANT, validUntil: SCENARIO_START + 60_000 };
    const before = agent.at(0.5).calls('send_email', 'write');
    const loggedAfter = (minutes: number) => {
      const run = new DetectorRun(outOfScopeAccess, { grant });
      return run.see(before, { logTime: SCENARIO_START + 60_000 + minutes * 60_000 });
    };
    expect(loggedAfter(0)).toEqual([]);
    expect(loggedAfter(15)).toEqual([]);
    expect(loggedAfter(15.01)[0]).toMatchObject({
      trip: { level: 4 },
      facts: { breach: 'expired_grant' },
    });
    expect(loggedAfter(15.01)[0]?.title).toContain('too long ago');
    const patient = new DetectorRun(outOfScopeAccess, {
      grant,
      options: { lateness_minutes: 60 },
    });
    expect(patient.see(before, { logTime: SCENARIO_START + 45 * 60_000 })).toEqual([]);
  });

  it('is blind without a grant, and says which field would cure it', () => {
    const run = new DetectorRun(outOfScopeAccess, { grant: null });
    expect(run.blindFor(agent.writes())).toBe('scopes.granted');
    expect(run.blindFor(agent.scopes(['a']).writes())).toBeNull();
    const nameOnly = new DetectorRun(outOfScopeAccess, { grant: { tenant: 'acme', agent: 'x' } });
    expect(nameOnly.blindFor(agent.writes())).toBe('scopes.granted');
  });

  it('does not ask a model call for a tool grant', () => {
    expect(see(agent.having({ kind: 'model_call' }).calls('chat gpt', 'execute'))).toEqual([]);
  });

  it('takes an empty list of tools for none', () => {
    const grant = { tenant: 'acme', agent: 'invoice-bot', tools: [] };
    expect(see(agent.writes(), grant)[0]?.trip?.level).toBe(4);
  });

  it('shows a hostile tool name on one short line', () => {
    const [verdict] = see(agent.calls(`rm\n\u202e${'x'.repeat(5_000)}`, 'delete'));
    expect(verdict?.title).not.toMatch(/[\n\u202e]/);
    expect(verdict?.title.length).toBeLessThan(250);
  });
});
