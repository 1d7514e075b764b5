import { describe, expect, it } from 'vitest';
import { logs, pairs } from '../testing/otlp-json.ts';

describe('log records', () => {
  it('of Claude Code become calls, approvals and model calls', () => {
    const { events } = logs(
      {
        body: { stringValue: 'claude_code.tool_decision' },
        attributes: pairs({
          'event.name': 'tool_decision',
          tool_name: 'Bash',
          decision: 'reject',
          'session.id': 's1',
          'organization.id': 'org',
          'user.account_uuid': 'u1',
          agent_id: 'instance-1',
        }),
      },
      { 'service.name': 'claude-code' },
    );
    expect(events).toMatchObject([
      {
        kind: 'approval',
        agent: { id: 'claude-code' },
        action: { name: 'Bash' },
        tenantClaimed: 'org',
        session: { id: 's1' },
        principal: { sub: 'u1' },
        decision: { verdict: 'deny' },
        approval: { status: 'denied' },
        outcome: { status: 'denied' },
      },
    ]);
  });

  it('have an id that a resent record shares and another does not', () => {
    const record = (status: string) => ({
      eventName: 'audit',
      attributes: pairs({ 'tripcoil.agent.id': 'a', 'tripcoil.action.name': 'x', status }),
    });
    const [one, same, other] = ['s', 's', 't'].map((each) => logs(record(each)).events[0]?.id);
    expect(one).toMatch(/^[0-9a-f]{32}$/);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });

  it('read a list of pairs in the body like attributes', () => {
    const body = {
      kvlistValue: { values: pairs({ 'tripcoil.agent.id': 'a', 'tripcoil.action.name': 'get' }) },
    };
    expect(logs({ body }).events).toMatchObject([{ agent: { id: 'a' }, action: { op: 'read' } }]);
  });

  it('of anything else are ignored, and text bodies are never kept', () => {
    expect(logs({ body: { stringValue: 'hello' } }).ignored).toBe(1);
    const { events } = logs({
      body: { stringValue: 'SECRET' },
      attributes: pairs({ 'tripcoil.agent.id': 'a', 'tripcoil.action.name': 'get' }),
    });
    expect(JSON.stringify(events)).not.toContain('SECRET');
  });
});
