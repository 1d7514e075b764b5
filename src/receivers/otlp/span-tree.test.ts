import { describe, expect, it } from 'vitest';
import type { SpanInput } from '../testing/otlp-json.ts';
import { traces } from '../testing/otlp-json.ts';

const id = (number: number): string => number.toString(16).padStart(16, '0');
const AGENT = { 'gen_ai.agent.id': 'bot' };

/** `parent` counts spans from 1, as their ids do; 0 is none. */
function span(parent: number, attributes: SpanInput['attributes'], name = 'x'): SpanInput {
  return {
    name,
    ...(parent > 0 && { parentSpanId: id(parent) }),
    attributes: { ...AGENT, ...attributes },
  };
}
const tool = (parent: number, name: string, callId?: string) =>
  span(parent, {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': name,
    ...(callId !== undefined && { 'gen_ai.tool.call.id': callId }),
  });
const mcp = (parent: number, name: string) =>
  span(parent, { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': name });
const run = (parent: number) => span(parent, { 'gen_ai.operation.name': 'invoke_agent' });
const http = (parent: number) => ({
  ...span(parent, { 'http.request.method': 'POST' }),
  kind: 3,
});

const callIds = (...spans: readonly SpanInput[]) =>
  traces(spans).events.map(({ action }) => action.toolCallId);

describe('two reports of one tool call', () => {
  it('share the call id that one of them states', () => {
    expect(callIds(tool(0, 't', 'call_1'), mcp(1, 't'))).toEqual(['call_1', 'call_1']);
    expect(callIds(tool(0, 't'), tool(1, 't', 'call_1'))).toEqual(['call_1', 'call_1']);
  });

  it('share one made of the outer span when neither does, whichever comes first', () => {
    const own = `span:${id(1)}`;
    expect(callIds(tool(0, 't'), mcp(1, 't'))).toEqual([own, own]);
    const inner = `span:${id(2)}`;
    expect(callIds(mcp(2, 't'), tool(0, 't'))).toEqual([inner, inner]);
  });

  it('and a third, of the server, across the HTTP request between them', () => {
    const ids = callIds(tool(0, 't'), mcp(1, 't'), http(2), mcp(3, 't'));
    expect(ids).toEqual([`span:${id(1)}`, `span:${id(1)}`, undefined, `span:${id(1)}`]);
  });
});

describe('calls of their own', () => {
  it.each([
    ['without a parent of the kind', [run(0), mcp(1, 't'), mcp(1, 't')]],
    ['of another tool', [tool(0, 't'), mcp(1, 'u')]],
    [
      'of another agent',
      [
        tool(0, 't'),
        {
          ...mcp(1, 't'),
          attributes: {
            'mcp.method.name': 'tools/call',
            'gen_ai.tool.name': 't',
            'gen_ai.agent.id': 'other',
          },
        },
      ],
    ],
    ['that an agent inside the tool makes', [tool(0, 't'), run(1), tool(2, 't')]],
  ])('%s get no id', (_case, spans) => {
    expect(callIds(...spans).filter((callId) => callId !== undefined)).toEqual([]);
  });

  it('keep the ids they state', () => {
    expect(callIds(tool(0, 't', 'a'), tool(1, 't', 'b'))).toEqual(['a', 'b']);
  });

  it('count once more each time a tool is called again inside', () => {
    const ids = callIds(tool(0, 't'), mcp(1, 't'), mcp(1, 't'));
    expect(ids).toEqual([`span:${id(1)}`, `span:${id(1)}`, undefined]);
  });

  it('end a cycle of parents', () => {
    expect(callIds(mcp(2, 't'), mcp(1, 't'))).toHaveLength(2);
    expect(callIds(mcp(1, 't'))).toEqual([undefined]);
  });
});
