import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChainBody } from '../../src/api/contract.ts';
import { call, eventually } from './served-daemon.ts';
import { Site } from './site.ts';

const CONFIG = `
chains: { decision_grace_ms: 0 }
tokens:
  - { name: sdk, token: agent-token-0123456789, roles: [ingest], tenants: [acme], trust: agent }
  - { name: opa, token: policy-token-0123456789, roles: [ingest], tenants: [acme], trust: pdp }
  - { name: gateway, token: gateway-token-0123, roles: [ingest], tenants: [acme], trust: broker }
  - { name: globex, token: globex-token-01234, roles: [ingest], tenants: [globex], trust: broker }
`;
const START = Date.now() - 60_000;
const CALL = 'toolu_01A09q90qw90lq917835lq9';

const traceOf = (n: number): string => n.toString(16).padStart(32, 'a');
const timeOf = (offsetMs: number): string => new Date(START + offsetMs).toISOString();
const nanos = (offsetMs: number): string => `${START + offsetMs}000000`;

/** The agent's own spans: the run, and the tool call with its provider's id. */
function spans(n: number, callId: string) {
  const span = (id: string, name: string, attributes: Record<string, string>) => ({
    traceId: traceOf(n),
    spanId: id.padStart(16, '0'),
    name,
    kind: 1,
    startTimeUnixNano: nanos(10),
    endTimeUnixNano: nanos(90),
    status: { code: 1 },
    attributes: Object.entries({ 'gen_ai.agent.id': 'planner', ...attributes }).map(
      ([key, stringValue]) => ({ key, value: { stringValue } }),
    ),
  });
  const run = span('1', 'invoke_agent planner', { 'gen_ai.operation.name': 'invoke_agent' });
  const tool = span('2', 'execute_tool refund', {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'refund',
    'gen_ai.tool.call.id': callId,
  });
  return { resourceSpans: [{ scopeSpans: [{ spans: [run, tool] }] }] };
}

const opa = (id: string, n: number | null, timestamp: string) => ({
  decision_id: id,
  path: 'tools/allow',
  timestamp,
  result: { allow: true },
  input: { agent: 'planner', action: { name: 'refund' } },
  ...(n === null ? {} : { trace_id: traceOf(n) }),
});

/** The gateway's audit record: knows the call, the token and the approval, but no trace. */
const gateway = (n: number, callId: string, more: object) => ({
  id: `gw-${n}`,
  time: timeOf(40),
  kind: 'tool_call',
  agent: { id: 'planner' },
  principal: { sub: 'alice', type: 'user' },
  action: { name: 'refund', op: 'write', tool_call_id: callId },
  outcome: { status: 'success' },
  token: { jti: `j-${n}`, txn: `x-${n}` },
  ...more,
});

const event = (id: string, kind: string, more: object) => ({
  id,
  kind,
  time: timeOf(20),
  agent: { id: 'planner' },
  action: { name: 'refund' },
  ...more,
});

describe('a chain over the agent, the policy engine, the gateway and the token service', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.open(CONFIG);
    const post = async (token: string, path: string, body: unknown): Promise<void> => {
      expect((await call(site.daemon, token, 'POST', path, body)).status).toBe(200);
    };
    const approval = { approval: { status: 'approved', id: 'a-1', approver: 'kim' } };
    // Outcome first, request last; between them another request and another tenant's same ids.
    await post('gateway-token-0123', '/v1/events', [
      gateway(1, CALL, { decision: { verdict: 'allow', id: 'd-1' } }),
      gateway(2, 'toolu_02B09q90qw90lq917835lq9', {}),
      event('ap-1', 'approval', { ...approval, action: { name: 'refund', tool_call_id: CALL } }),
    ]);
    await post('globex-token-01234', '/v1/events', [gateway(1, CALL, {})]);
    await post('policy-token-0123456789', '/v1/audit/opa', [
      opa('d-0', null, timeOf(-30_000)),
      opa('d-1', 1, timeOf(30)),
      opa('d-9', null, timeOf(30_000)),
    ]);
    await post('gateway-token-0123', '/v1/events', [
      event('st-1', 'token_issue', { token: { jti: 'j-1' } }),
    ]);
    await post('agent-token-0123456789', '/v1/traces', spans(2, 'toolu_02B09q90qw90lq917835lq9'));
    await post('agent-token-0123456789', '/v1/traces', spans(1, CALL));
    await site.projected();
  }, 60_000);
  afterAll(() => site?.close());

  const chain = async (id: string): Promise<ChainBody> => {
    const operator = await site.daemon.token('local-operator');
    const path = `/v1/chains/${id}?tenant=acme`;
    const answer = await eventually(
      () => call<ChainBody>(site.daemon, operator, 'GET', path),
      ({ status }) => status === 200,
    );
    return answer.body;
  };

  it('has all six links, whichever of its ids is asked for', async () => {
    const whole = await chain('x-1');
    const roles = whole.steps.map(({ role }) => role).sort();
    expect(roles).toEqual(['approval', 'decision', 'request', 'token', 'tool_call', 'tool_call']);
    expect(whole.tenants).toEqual(['acme']);
    expect(whole.executions).toHaveLength(1);
    const links = whole.executions[0]?.links;
    // With no grace at all, what came by a later request is late.
    for (const link of ['request', 'decision', 'approval', 'token', 'outcome'] as const) {
      expect(['present', 'late']).toContain(links?.[link].state);
      expect(links?.[link].reason).toBeNull();
    }
    expect(links?.outcome.state).toBe('present');
    expect(whole.gaps).toEqual([]);
    for (const id of [traceOf(1), 'j-1', 'd-1', CALL, 'a-1', whole.id]) {
      const again = await chain(id);
      expect(again.steps.map(({ seq }) => seq)).toEqual(whole.steps.map(({ seq }) => seq));
      expect(again.id).toBe(whole.id);
    }
  });

  it('without decision, says so', async () => {
    const { executions, gaps } = await chain(traceOf(2));
    expect(executions).toMatchObject([{ action: 'refund', links: { outcome: { reason: null } } }]);
    expect(gaps).toMatchObject([{ reason: 'execution_without_decision', state: 'missing' }]);
    const { stdout, stderr } = await site.cli('chains', 'show', traceOf(2));
    expect(stderr).toContain('gap: execution without decision (refund)');
    expect(stdout).toContain('refund');
  });
});

describe('ids that are equal by chance', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.open();
    const numbered = (id: string, name: string) => ({
      ...{ id, time: timeOf(0), agent: { id: `${name}-bot` } },
      ...{ action: { name: 'read_account' }, source: { format: 'native', name } },
    });
    expect(await site.send([numbered('77', 'alpha'), numbered('77', 'beta')])).toBe(200);
    const attributes = { 'event.name': 'api_request', 'session.id': 's1', model: 'm' };
    const logRecord = {
      timeUnixNano: nanos(5),
      body: { stringValue: 'claude_code.api_request' },
      attributes: Object.entries(attributes).map(([key, stringValue]) => ({
        ...{ key, value: { stringValue } },
      })),
    };
    const resource = {
      attributes: [{ key: 'service.name', value: { stringValue: 'claude-code' } }],
    };
    const logs = { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [logRecord] }] }] };
    const ingest = await site.daemon.token('local-ingest');
    expect((await call(site.daemon, ingest, 'POST', '/v1/logs', logs)).status).toBe(200);
    expect(await site.send([numbered('s1', 'alpha')])).toBe(200);
    await site.projected();
  }, 60_000);
  afterAll(() => site?.close());

  const chain = async (id: string): Promise<ChainBody> => {
    const operator = await site.daemon.token('local-operator');
    const path = `/v1/chains/${encodeURIComponent(id)}`;
    const { body } = await eventually(
      () => call<ChainBody>(site.daemon, operator, 'GET', path),
      ({ status }) => status === 200,
    );
    return body;
  };

  it('join no two sources, whose events are asked for each by its own', async () => {
    const first = await chain('77');
    expect(first.agents).toEqual(['alpha-bot']);
    const [other] = first.others;
    expect((await chain(other?.id ?? '')).agents).toEqual(['beta-bot']);
    expect((await chain(first.id)).others).toEqual([]);
    const { stderr } = await site.cli('chains', 'show', '77');
    expect(stderr).toContain(`the id also means ${other?.id}`);
    expect((await site.cli('chains', 'show', other?.id ?? '')).stderr).toContain('beta-bot');
  });

  it('join no event to a session', async () => {
    const session = await chain('s1');
    expect([session.id, session.agents]).toEqual(['session:s1', ['claude-code']]);
    expect((await chain(session.others[0]?.id ?? '')).agents).toEqual(['alpha-bot']);
    const { stdout } = await site.cli('findings', '-o', 'json');
    expect(stdout).not.toContain('id_conflict');
  });
});
