import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encode, TraceRequest } from '../../../bench/decode-oracle.ts';
import { langfuseRequest } from '../../replay/langfuse-export.ts';
import { decodeOtlpLogs, decodeOtlpTraces } from './decode.ts';

const DATA = process.env['TRIPCOIL_DATA'] ?? '../shared/data';
const EXAMPLES = join(DATA, 'otlp/proto-examples/examples');
const TRACES = join(DATA, 'framework-traces');
const present = existsSync(EXAMPLES) && existsSync(TRACES);
if (!present) console.warn(`skipped: no recorded traces in ${DATA}`);

/** The spans that Langfuse was sent, rebuilt from its export. */
function requestOf(file: string): object {
  const request = langfuseRequest(JSON.parse(readFileSync(join(TRACES, file), 'utf8')));
  if (request === null) throw new Error(`${file} is no export of Langfuse`);
  return request;
}

const decode = (request: object) => decodeOtlpTraces(Buffer.from(JSON.stringify(request)), 'json');

interface Expected {
  readonly tools?: readonly string[];
  readonly models: number;
  readonly runs?: number;
  /** Beside the service; most of these programs name no agent. */
  readonly agents?: readonly string[];
  /** Where the spans state them. */
  readonly tokens?: number;
}

/** Tools called, agents seen and tokens used, as the people who recorded the traces would count. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  'agno-2025-06-11': { tools: ['duckduckgo_search'], models: 4, runs: 1, tokens: 1071 },
  'autogen-2025-06-06': { models: 1, tokens: 44 },
  'beeai-2025-08-01': { tools: ['search.wikipedia'], models: 3, runs: 1 },
  'claude-agent-2025-12-22': {
    tools: ['mcp__weather__get_weather', 'mcp__weather__get_weather'],
    models: 4,
  },
  'crewai-2025-07-11': { models: 1, runs: 1, tokens: 354 },
  'csharp-agent-with-gemini-2026-03-09': {
    tools: ['final_result', 'get_custom_report'],
    models: 3,
    tokens: 8461,
  },
  'google-adk-2025-08-28': {
    tools: ['say_hello'],
    models: 2,
    runs: 1,
    agents: ['hello_agent'],
    tokens: 76,
  },
  'google-gemini-2025-08-01': { models: 1, tokens: 2061 },
  'koog-2025-08-26': {
    tools: ['ByeTool', 'HelloTool'],
    models: 2,
    runs: 2,
    agents: ['f9f77d1a-437f-4ba6-890e-b592a50cbd21'],
  },
  'langgraph-js-2025-10-30': { tools: ['get_weather'], models: 2, tokens: 444 },
  'langgraph-python-2025-08-22': { tools: ['Web-Search'], models: 2, tokens: 234 },
  'llamaindex-2025-06-05': { models: 1, tokens: 94 },
  'microsoft-agent-2025-12-17': {
    tools: ['get_weather'],
    models: 2,
    runs: 1,
    agents: ['171105b7-59dd-49c0-9677-0b95395aa46a'],
    tokens: 399,
  },
  'openai-agents-2025-09-30': {
    tools: ['get_weather'],
    models: 2,
    runs: 2,
    agents: ['Hello world'],
    tokens: 184,
  },
  'pydantic-ai-2025-06-06': { models: 1, runs: 1, agents: ['qa_agent'], tokens: 127 },
  'pydantic-ai-tools-2025-06-06': { models: 1, runs: 1, agents: ['qa_agent'], tokens: 127 },
  'pydantic-ai-tools-2025-12-04': {
    tools: ['get_dad_joke_suggestion', 'get_one_liner_suggestion', 'get_pun_suggestion'],
    models: 4,
    runs: 3,
    agents: ['evaluator_agent', 'joke_agent'],
    tokens: 1524,
  },
  'pydantic-ai-with-gemini-2025-12-24': { models: 1, tokens: 199 },
  'vercel-aisdk-2025-11-17': { tools: ['getWeather'], models: 1, runs: 1, tokens: 147 },
  'vertex-ai-2025-08-01': { models: 1, tokens: 850 },
};

/** What is no event, and why. */
const STRUCTURE: readonly (readonly [RegExp, string])[] = [
  [/^(LangGraph|agent|tools|model_request|should_continue|prompt|__start__)$/, 'graph and nodes'],
  [/^(ChannelWrite|Branch|RunnableSequence)/, 'plumbing of a graph'],
  [/^node\./, 'node of a Koog graph'],
  [/^(invocation \[|claude\.conversation$|run_joke_generator$)/, 'a root around the agent'],
  [/-trace$/, 'a root made by hand'],
  [/^(Insights Agent C#|orchestrate_tools)$/, 'a root, and a sum of the calls inside'],
  [/^(Crew|Task) Created$|^Crew\.kickoff$/, 'set-up of a crew, and its chain'],
  [/^iteration-\d+$/, 'a step of BeeAI'],
  [/^(tool|backend|agent)\.[\w.]+\.\w+-\d+$/, 'BeeAI: further events of a call that counts once'],
  [/^running 3 tools$/, 'a sum of the calls inside'],
];

describe.skipIf(!present)('recorded traces', () => {
  const files = present ? readdirSync(TRACES).filter((file) => file.endsWith('.trace.json')) : [];

  it('are the twenty that are known', () => {
    expect(files.map((file) => file.replace('.trace.json', ''))).toEqual(Object.keys(EXPECTED));
  });

  it.each(files)('%s tells agents, tools and tokens', (file) => {
    const request = requestOf(file);
    const { events, positions, rejects } = decode(request);
    expect(rejects).toEqual([]);
    const {
      tools = [],
      models,
      runs = 0,
      agents = [],
      tokens,
    } = EXPECTED[file.replace('.trace.json', '')] ?? { models: -1 };
    const of = (kind: string) => events.filter((event) => event.kind === kind);
    const named = new Set(
      events.map(({ agent }) => agent.id).filter((id) => !/^unknown_service|^agentic-/.test(id)),
    );
    const used = events.map(({ volume }) => (volume?.tokensIn ?? 0) + (volume?.tokensOut ?? 0));
    expect({
      tools: of('tool_call')
        .map(({ action }) => action.name)
        .sort(),
      models: of('model_call').length,
      runs: of('agent_run').length,
      agents: [...named].sort(),
      tokens: used.reduce((sum, each) => sum + each, 0),
    }).toEqual({ tools, models, runs, agents, tokens: tokens ?? 0 });
    const { resourceSpans } = request as {
      resourceSpans: readonly { scopeSpans: readonly { spans: readonly { name: string }[] }[] }[];
    };
    const ignored = resourceSpans
      .map(({ scopeSpans }) => scopeSpans[0]?.spans[0]?.name ?? '')
      .filter((_name, position) => !positions.includes(position))
      .filter((name) => !STRUCTURE.some(([pattern]) => pattern.test(name)));
    expect(ignored).toEqual([]);
  });

  it.each(files)('%s is read alike from protobuf and JSON', (file) => {
    const request = requestOf(file) as {
      resourceSpans: {
        scopeSpans: { spans: { traceId: string; spanId: string; parentSpanId: string }[] }[];
      }[];
    };
    const fromJson = decode(request);
    const binary = structuredClone(request) as unknown as typeof request;
    for (const resource of binary.resourceSpans) {
      for (const scope of resource.scopeSpans) {
        scope.spans = scope.spans.map((span) => ({
          ...span,
          traceId: Buffer.from(span.traceId, 'hex') as never,
          spanId: Buffer.from(span.spanId, 'hex') as never,
          parentSpanId: Buffer.from(span.parentSpanId, 'hex') as never,
        }));
      }
    }
    const fromProtobuf = decodeOtlpTraces(encode(TraceRequest, binary), 'protobuf');
    expect(fromProtobuf).toEqual(fromJson);
  });

  it('and the examples of the protocol, which are no agent’s, are ignored', () => {
    const read = (name: string) => readFileSync(join(EXAMPLES, name));
    expect(decodeOtlpTraces(read('trace.json'), 'json')).toMatchObject({ ignored: 1, rejects: [] });
    expect(decodeOtlpLogs(read('logs.json'), 'json')).toMatchObject({ ignored: 1, rejects: [] });
    expect(decodeOtlpLogs(read('events.json'), 'json')).toMatchObject({ ignored: 1, rejects: [] });
  });
});
