import { COALESCE } from './coalesce.ts';

/**
 * Content of conversations and results: dropped while normalising, its byte size kept as
 * `<key>.size`. Tool arguments are here too, since they go to `action.arguments` and nowhere else.
 */
export const CONTENT_KEYS: readonly string[] = [
  // Never kept in any form but its size: a token is a secret.
  'tripcoil.token.jwt',
  ...COALESCE.arguments,
  ...COALESCE.result,
  ...COALESCE.documents,
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.system_instructions',
  'gen_ai.tool.definitions',
  'gen_ai.tool.description',
  'gen_ai.agent.description',
  'gen_ai.retrieval.query.text',
  'gen_ai.memory.query.text',
  'gen_ai.content.prompt',
  'gen_ai.content.completion',
  'gcp.vertex.agent.llm_request',
  'gcp.vertex.agent.llm_response',
  'gcp.vertex.agent.data',
  'tool.description',
  'llm.tools',
  'llm.function_call',
  'langfuse.trace.input',
  'langfuse.trace.output',
  'all_messages_events',
  'pydantic_ai.all_messages',
  'model_request_parameters',
  'logfire.json_schema',
  'logfire.msg',
  'final_result',
  'events',
  'crew_agents',
  'crew_tasks',
  'crew_inputs',
  'thought',
  'messages',
  'response',
  'prompt',
  'user_prompt',
  'gen_ai.guardrail.input',
  'gen_ai.guardrail.output',
  'tool_output',
  'exception.stacktrace',
  'db.statement',
  'db.query.text',
];

/** Families of content keys with an index or a member behind; their sizes add up in one figure. */
export const CONTENT_PREFIXES: readonly string[] = [
  'gen_ai.prompt.',
  'gen_ai.completion.',
  'llm.input_messages.',
  'llm.output_messages.',
  'llm.prompts',
  'llm.choices',
  'llm.tools.',
  'llm.prompt_template.',
  'retrieval.documents.',
  'reranker.input_documents.',
  'reranker.output_documents.',
  'embedding.embeddings.',
  'embedding.text',
  'ai.prompt',
  'ai.response.text',
  'ai.response.object',
  'ai.response.toolCalls',
  'ai.response.reasoning',
  'message.content',
  'db.query.parameter.',
];

/** Attributes that say "an agent did this"; with neither these nor generic ones it is no event. */
export const AGENT_PREFIXES: readonly string[] = [
  'tripcoil.',
  'gen_ai.',
  'openinference.',
  'traceloop.',
  'mcp.',
  'llm.',
  'langsmith.',
  'langfuse.observation.type',
  'ai.operationId',
  'ai.toolCall.',
  'agent.',
  'microsoft.a365.',
  'gcp.vertex.agent.',
  'agentgateway.',
  'agw.',
  'a2a.',
  'claude_code.',
  'span.type',
  'message.source_id',
  'call_type',
  'metadata.user_api_key_',
];

/** Attributes of ordinary instrumentation, mapped to data access once an agent is known. */
export const GENERIC_PREFIXES: readonly string[] = ['http.', 'db.', 'rpc.', 'messaging.'];

/** Resource attributes worth keeping on every event; the rest only describes the machine. */
export const KEPT_RESOURCE_KEYS: ReadonlySet<string> = new Set([
  'service.name',
  'service.namespace',
  'service.version',
  'service.instance.id',
  'deployment.environment.name',
  'telemetry.sdk.language',
]);
