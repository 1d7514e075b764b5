import { describe, expect, it } from 'vitest';
import type { ReceivedEvent } from '../../src/core/access-event.ts';
import { Shard } from '../../src/engine/shard.ts';
import { EntryWriter, OBEDIENT } from '../../src/engine/testing/entries.ts';
import type { SpanInput } from '../../src/receivers/testing/otlp-json.ts';
import { logs, pairs, traces } from '../../src/receivers/testing/otlp-json.ts';

/** What the agent has called, after these events went through the fold. */
function calls(...events: readonly ReceivedEvent[]): number {
  const shard = new Shard({ registry: { detectors: [OBEDIENT] }, initialPosture: 'shadow' });
  const writer = new EntryWriter();
  for (const { source, ...event } of events) {
    const sent = { ...source, deliveredBy: 'broker', trust: 'broker' } as const;
    shard.apply([writer.input({ ...event, source: sent }, event.time)]);
  }
  return shard.tenants.get('acme')?.agents.get('bot')?.calls ?? 0;
}

const span = (name: string, attributes: SpanInput['attributes'], parent?: number): SpanInput => ({
  name,
  attributes: { 'gen_ai.agent.id': 'bot', ...attributes },
  ...(parent !== undefined && { parentSpanId: parent.toString(16).padStart(16, '0') }),
});
const EXECUTE = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search' };
const MCP = { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'search' };

describe('a tool call traced more than once counts once', () => {
  it('when execute_tool encloses tools/call and neither has a call id', () => {
    const { events } = traces([span('a', EXECUTE), span('b', MCP, 1), span('c', MCP, 2)]);
    expect(events).toHaveLength(3);
    expect(calls(...events)).toBe(1);
  });

  it('when spans anywhere in the trace have one call id, in one request or in two', () => {
    const id = { 'gen_ai.tool.call.id': 'call_1' };
    const { events } = traces([span('a', { ...EXECUTE, ...id }), span('b', { ...MCP, ...id })]);
    expect(calls(...events)).toBe(1);
    const [other] = traces([
      { ...span('c', { ...MCP, ...id }), spanId: '00000000000000ff' },
    ]).events;
    expect(calls(...events, other as ReceivedEvent)).toBe(1);
  });

  it('and two calls of one tool count twice', () => {
    const { events } = traces([
      span('run', { 'gen_ai.operation.name': 'invoke_agent' }),
      span('a', EXECUTE, 1),
      span('b', MCP, 2),
      span('c', EXECUTE, 1),
      span('d', MCP, 4),
    ]);
    const runs = 1;
    expect(calls(...events)).toBe(runs + 2);
  });

  it('and the approval of a call does not count in its place', () => {
    const of = (name: string, more: Record<string, string>) =>
      logs({
        body: { stringValue: `claude_code.${name}` },
        attributes: pairs({
          'tripcoil.agent.id': 'bot',
          'session.id': 's1',
          tool_name: 'Bash',
          tool_use_id: 'toolu_1',
          ...more,
        }),
      }).events;
    const approval = of('tool_decision', { decision: 'accept', source: 'config' });
    const result = of('tool_result', { success: 'true' });
    expect([approval[0]?.kind, result[0]?.kind]).toEqual(['approval', 'tool_call']);
    expect(calls(...approval, ...result)).toBe(calls(...approval) + 1);
  });
});
