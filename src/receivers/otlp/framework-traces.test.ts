import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encode, TraceRequest } from '../../../bench/decode-oracle.ts';
import { decodeOtlpLogs, decodeOtlpTraces } from './decode.ts';

const DATA = process.env['TRIPCOIL_DATA'] ?? '../shared/data';
const EXAMPLES = join(DATA, 'otlp/proto-examples/examples');
const TRACES = join(DATA, 'framework-traces');
const present = existsSync(EXAMPLES) && existsSync(TRACES);
if (!present) console.warn(`skipped: no recorded traces in ${DATA}`);

interface Observation {
  readonly id: string;
  readonly traceId: string;
  readonly parentObservationId: string | null;
  readonly name: string;
  readonly startTime: string;
  readonly endTime: string | null;
  readonly metadata: unknown;
}

interface Metadata {
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly resourceAttributes?: Readonly<Record<string, unknown>>;
  readonly scope?: { readonly name?: string };
}

const pairs = (of: Readonly<Record<string, unknown>> = {}) =>
  Object.entries(of).map(([key, value]) => ({
    key,
    value: { stringValue: typeof value === 'string' ? value : JSON.stringify(value) },
  }));
const nano = (time: string) => `${Date.parse(time)}000000`;

/** The spans that Langfuse was sent, rebuilt from its export. */
function requestOf(file: string): object {
  const { observations } = JSON.parse(readFileSync(join(TRACES, file), 'utf8')) as {
    readonly observations: readonly Observation[];
  };
  return {
    resourceSpans: observations.map((observation) => {
      const text = observation.metadata;
      const metadata = (typeof text === 'string' ? JSON.parse(text) : (text ?? {})) as Metadata;
      const span = {
        traceId: observation.traceId,
        spanId: observation.id,
        parentSpanId: observation.parentObservationId ?? '',
        name: observation.name,
        startTimeUnixNano: nano(observation.startTime),
        endTimeUnixNano: nano(observation.endTime ?? observation.startTime),
        attributes: pairs(metadata.attributes),
      };
      return {
        resource: { attributes: pairs(metadata.resourceAttributes) },
        scopeSpans: [{ scope: { name: metadata.scope?.name ?? '' }, spans: [span] }],
      };
    }),
  };
}

const decode = (request: object) => decodeOtlpTraces(Buffer.from(JSON.stringify(request)), 'json');

/** Tools called, agents seen and tokens used, as the people who recorded the traces would count. */
const EXPECTED: Readonly<Record<string, { tools?: string[]; agents?: string[]; tokens?: number }>> =
  {
    'agno-2025-06-11': { tools: ['duckduckgo_search'] },
    'claude-agent-2025-12-22': {
      tools: ['mcp__weather__get_weather', 'mcp__weather__get_weather'],
    },
    'crewai-2025-07-11': { tokens: 354 },
    'csharp-agent-with-gemini-2026-03-09': { tools: ['final_result', 'get_custom_report'] },
    'google-adk-2025-08-28': { tools: ['say_hello'], agents: ['hello_agent'], tokens: 76 },
    'google-gemini-2025-08-01': { tokens: 2061 },
    'koog-2025-08-26': { tools: ['ByeTool', 'HelloTool'] },
    'microsoft-agent-2025-12-17': {
      tools: ['get_weather'],
      agents: ['171105b7-59dd-49c0-9677-0b95395aa46a'],
    },
    'openai-agents-2025-09-30': { tools: ['get_weather'], agents: ['Hello world'] },
    'pydantic-ai-2025-06-06': { agents: ['qa_agent'], tokens: 127 },
    'pydantic-ai-tools-2025-12-04': {
      tools: ['get_dad_joke_suggestion', 'get_one_liner_suggestion', 'get_pun_suggestion'],
      agents: ['joke_agent', 'evaluator_agent'],
    },
    'pydantic-ai-with-gemini-2025-12-24': { tokens: 199 },
    'vercel-aisdk-2025-11-17': { tools: ['getWeather'], tokens: 147 },
    'vertex-ai-2025-08-01': { tokens: 850 },
  };

describe.skipIf(!present)('recorded traces', () => {
  const files = present ? readdirSync(TRACES).filter((file) => file.endsWith('.trace.json')) : [];

  it.each(files)('%s tells agents, tools and tokens', (file) => {
    const { events, rejects } = decode(requestOf(file));
    expect(rejects).toEqual([]);
    const expected = EXPECTED[file.replace('.trace.json', '')] ?? {};
    const tools = events
      .filter((event) => event.kind === 'tool_call')
      .map(({ action }) => action.name);
    if (expected.tools !== undefined) expect(tools.sort()).toEqual(expected.tools);
    const agents = events.map((event) => event.agent.id);
    if (expected.agents !== undefined)
      expect(agents).toEqual(expect.arrayContaining(expected.agents));
    const tokens = events.reduce(
      (sum, { volume }) => sum + (volume?.tokensIn ?? 0) + (volume?.tokensOut ?? 0),
      0,
    );
    if (expected.tokens !== undefined) expect(tokens).toBe(expected.tokens);
    if (Object.keys(expected).length > 0) expect(events).not.toEqual([]);
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
