import type { EventKind, Operation } from '../../core/access-event.ts';
import { EVENT_KINDS, OPERATIONS } from '../../core/access-event.ts';
import { operationOfHttpMethod, operationOfName } from '../operation.ts';
import { AGENT_MARK, FIELD, GENERIC_MARK } from './attribute-table.ts';
import { parsed } from './content.ts';
import type { FieldValues } from './field-values.ts';

/** What a span or log record says apart from its attributes. */
export interface Signal {
  readonly name: string;
  /** Event name of a log record, else ''. */
  readonly eventName: string;
  readonly scopeName: string;
  /** OTLP span kind; 0 for log records. */
  readonly spanKind: number;
  readonly isLog: boolean;
}

/** Which action a record reports. */
export interface Classified {
  readonly kind: EventKind;
  readonly name: string;
  readonly op: Operation;
  /** The agent that a delegation goes to. */
  readonly target?: string;
}

/**
 * Decides what a record is, or null when it reports no action: structure (chains, workflow steps),
 * protocol housekeeping, ordinary internal spans.
 */
export function classify(fields: FieldValues, signal: Signal): Classified | null {
  const kind = kindOf(fields, signal);
  if (kind === null) return null;
  const name = nameOf(kind, fields, signal);
  // ADK reports parallel calls once more as a sum; each has its own span already.
  if (name === '' || name === '(merged tools)') return null;
  const classified = { kind, name, op: operationOf(kind, name, fields) };
  const target = kind === 'delegation' ? handoffTarget(fields, signal) : undefined;
  return target === undefined ? classified : { ...classified, target };
}

/** Null: known, and not an action. Undefined: this table cannot tell. */
type Verdict = EventKind | null | undefined;

function kindOf(fields: FieldValues, signal: Signal): EventKind | null {
  const own = fields.text(FIELD.eventKind);
  if (EVENT_KINDS.includes(own as EventKind)) return own as EventKind;
  const marked = fields.marks & AGENT_MARK;
  let verdict = fromEventName(fields, signal.eventName);
  if (verdict === undefined && marked !== 0) verdict = fromConventions(fields, signal);
  if (verdict === undefined && marked !== 0) verdict = fromEvidence(fields, signal);
  if (verdict !== undefined) return verdict;
  if ((fields.marks & GENERIC_MARK) === 0) return null;
  if (signal.isLog && !isGateway(signal)) return null;
  return isIncoming(fields, signal) ? null : 'data_access';
}

/** Its access log tells of requests as their spans do; other log records only mention one. */
export function isGateway(signal: Signal): boolean {
  return signal.scopeName.startsWith('agentgateway');
}

/** A request that the service answers is the caller's action; its own agent did not act. */
function isIncoming(fields: FieldValues, signal: Signal): boolean {
  if (isGateway(signal)) return false;
  const named = fields.peek(FIELD.agentId) ?? fields.peek(FIELD.plainAgentId);
  return (signal.spanKind === SERVER || signal.spanKind === CONSUMER) && named === undefined;
}

const SERVER = 2;
const CONSUMER = 5;

function fromEventName(fields: FieldValues, eventName: string): Verdict {
  if (eventName === '') return undefined;
  const name = eventName.replace(/^(claude_code|codex)\./, '');
  if (eventName === name) {
    const sender = fields.peek(FIELD.serviceName) ?? '';
    return /^(claude-code|codex)/.test(sender) ? EVENT_NAME_KINDS.get(name) : undefined;
  }
  // Of the records that a streamed answer makes, one has the figures; failures have an error.
  if (eventName === 'codex.sse_event') {
    const done = fields.peek(FIELD.streamEvent) === 'response.completed';
    return done ? 'model_call' : null;
  }
  if (eventName === 'codex.api_request') {
    return Number(fields.peek(FIELD.httpStatus) ?? 200) >= 400 ? 'model_call' : null;
  }
  return EVENT_NAME_KINDS.get(name) ?? null;
}

function fromConventions(fields: FieldValues, signal: Signal): Verdict {
  // MCP first: its spans carry `execute_tool` too, and its method says more.
  const mcp = look(MCP_KINDS, fields.peek(FIELD.mcpMethod));
  if (mcp !== undefined) return mcp;
  const genAi = genAiKind(fields.peek(FIELD.operationName));
  if (genAi !== undefined) return genAi;
  const openInference = openInferenceKind(fields, signal);
  if (openInference !== undefined) return openInference;
  const aiSdk = look(AI_SDK_KINDS, fields.peek(FIELD.aiSdkOperation));
  if (aiSdk !== undefined) return aiSdk;
  const traceloop = look(FRAMEWORK_KINDS, fields.peek(FIELD.traceloopKind));
  if (traceloop !== undefined) return traceloop;
  const langsmith = look(FRAMEWORK_KINDS, fields.peek(FIELD.langsmithKind));
  if (langsmith !== undefined) return langsmith;
  const langfuse = langfuseKind(fields, signal);
  if (langfuse !== undefined) return langfuse;
  if (signal.name.startsWith('claude_code.')) {
    return look(CLAUDE_SPAN_KINDS, fields.peek(FIELD.claudeSpan) ?? signal.name.slice(12)) ?? null;
  }
  return look(LITELLM_KINDS, fields.peek(FIELD.litellmCall));
}

/** Agent 365 writes `Chat`, `TextCompletion` and `GenerateContent`. */
function genAiKind(operation: string | undefined): Verdict {
  const kind = look(GEN_AI_KINDS, operation);
  return kind === undefined ? look(GEN_AI_KINDS, operation?.toLowerCase()) : kind;
}

/** A handoff is traced as a tool whose input is the old agent and whose output the new one. */
function openInferenceKind(fields: FieldValues, signal: Signal): Verdict {
  const kind = fields.peek(FIELD.openinferenceKind)?.toUpperCase();
  if (kind === 'TOOL' && HANDOFF.test(signal.name)) return 'delegation';
  const [, subject, step] = BEEAI_SPAN.exec(signal.name) ?? [];
  if (step !== undefined && signal.scopeName.endsWith('.beeai')) {
    return BEEAI_STEPS.has(`${subject} ${step}`) ? look(OPENINFERENCE_KINDS, kind) : null;
  }
  return look(OPENINFERENCE_KINDS, kind);
}

/** BeeAI makes a span of every event of a call; of each call one counts. */
const BEEAI_SPAN = /^(tool|backend|agent)\.[\w.]{1,256}\.(\w{1,32})-\d{1,9}$/;
const BEEAI_STEPS: ReadonlySet<string> = new Set(['tool success', 'tool error', 'backend start']);

/** Langfuse's LangGraph callback calls a tool a span: one inside the node `tools`. */
function langfuseKind(fields: FieldValues, signal: Signal): Verdict {
  const kind = fields.peek(FIELD.langfuseKind)?.toLowerCase();
  if (kind === 'span' && fields.peek(FIELD.langgraphNode) === 'tools') {
    return LANGGRAPH_STRUCTURE.test(signal.name) ? null : 'tool_call';
  }
  return look(FRAMEWORK_KINDS, kind);
}

const LANGGRAPH_STRUCTURE = /^(?:tools$|ChannelWrite|Branch<|Runnable|__|_write$|should_continue$)/;

const HANDOFF = /^handoff to (.{1,256})$/is;

function handoffTarget(fields: FieldValues, signal: Signal): string | undefined {
  return HANDOFF.exec(signal.name)?.[1] ?? fields.peek(FIELD.handoffTarget);
}

/** For emitters that name no operation: what else they say gives it away. */
function fromEvidence(fields: FieldValues, signal: Signal): Verdict {
  if (fields.peek(FIELD.actionName) ?? fields.peek(FIELD.toolName)) return 'tool_call';
  if (fields.peek(FIELD.mcpMethod) !== undefined) return null;
  if (fields.peek(FIELD.messageSource) !== undefined) {
    return fields.peek(FIELD.handoffTarget) === undefined ? null : 'delegation';
  }
  if (fields.peek(FIELD.verdict) ?? fields.peek(FIELD.disposition)) return 'authz_decision';
  if (fields.peek(FIELD.approvalStatus)) return 'approval';
  const called =
    fields.peek(FIELD.tokensIn) ?? fields.peek(FIELD.tokensOut) ?? fields.peek(FIELD.tokensTotal);
  if (fields.peek(FIELD.model) !== undefined && called !== undefined) return 'model_call';
  if ((fields.marks & GENERIC_MARK) !== 0) return undefined;
  if (fields.peek(FIELD.resourceId) !== undefined) return 'data_access';
  return / run$|^invoke_agent|\.agent$/.test(signal.name) ? 'agent_run' : undefined;
}

function look(table: ReadonlyMap<string, EventKind | null>, key: string | undefined): Verdict {
  return key === undefined ? undefined : table.get(key);
}

function nameOf(kind: EventKind, fields: FieldValues, signal: Signal): string {
  const own = fields.text(FIELD.actionName);
  if (own !== undefined) return own;
  if (kind === 'tool_call' || kind === 'approval') return toolNameOf(fields, signal);
  if (kind === 'data_access') return accessNameOf(fields, signal);
  if (kind === 'authz_decision' && fields.peek(FIELD.toolName) !== undefined) {
    return toolNameOf(fields, signal);
  }
  if (kind === 'delegation') return 'handoff';
  const operation = fields.peek(FIELD.operationName) ?? fields.peek(FIELD.aiSdkOperation);
  if (operation !== undefined) return operation;
  if (kind === 'model_call') return 'chat';
  return kind === 'agent_run' ? 'invoke_agent' : signal.eventName || signal.name;
}

function toolNameOf(fields: FieldValues, signal: Signal): string {
  const name = fields.text(FIELD.toolName);
  // Claude Code hides the names of MCP tools here unless told to give details.
  if (name === 'mcp_tool') return mcpToolNameOf(fields) ?? name;
  if (name !== undefined) return name;
  const kind = fields.peek(FIELD.traceloopKind) ?? fields.peek(FIELD.langsmithKind);
  const entity = kind === 'tool' ? fields.text(FIELD.entityName) : undefined;
  return entity ?? TOOL_SPAN_NAME.exec(signal.name)?.[1] ?? signal.name.replace(/\.tool$/, '');
}

function mcpToolNameOf(fields: FieldValues): string | undefined {
  const details = parsed(fields.peek(FIELD.arguments));
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return undefined;
  const { mcp_server_name: server, mcp_tool_name: tool } = details as Readonly<
    Record<'mcp_server_name' | 'mcp_tool_name', unknown>
  >;
  return typeof tool === 'string' && tool !== '' ? `mcp__${String(server)}__${tool}` : undefined;
}

const TOOL_SPAN_NAME =
  /^(?:(?:execute_tool|running tool:|tools\/call) |tool\.(?=.+\.(?:success|error)-\d+$))(.{1,256}?)(?:\.(?:success|error)-\d{1,9})?$/s;

function accessNameOf(fields: FieldValues, signal: Signal): string {
  const mcpMethod = fields.peek(FIELD.mcpMethod);
  if (mcpMethod !== undefined) return mcpMethod;
  const database = fields.peek(FIELD.dbOperation);
  if (database !== undefined) return joined(database, fields.peek(FIELD.dbCollection));
  const method = fields.peek(FIELD.httpMethod);
  if (method !== undefined) return joined(method, pathOf(fields));
  const rpc = fields.peek(FIELD.rpcMethod);
  if (rpc !== undefined) return joined(fields.peek(FIELD.rpcService), rpc);
  const messaging = fields.peek(FIELD.messagingOperation);
  if (messaging !== undefined) return joined(messaging, fields.peek(FIELD.messagingDestination));
  return fields.peek(FIELD.operationName) ?? signal.name;
}

/** The route of an HTTP request without query and fragment, where personal data would travel. */
export function pathOf(fields: FieldValues): string | undefined {
  return fields.peek(FIELD.httpRoute)?.split(/[?#]/, 1)[0];
}

function joined(first: string | undefined, second: string | undefined): string {
  return second === undefined ? (first ?? '') : first === undefined ? second : `${first} ${second}`;
}

function operationOf(kind: EventKind, name: string, fields: FieldValues): Operation {
  const own = fields.text(FIELD.operation);
  if (OPERATIONS.includes(own as Operation)) return own as Operation;
  switch (kind) {
    case 'tool_call':
    case 'authz_decision':
    case 'approval':
      return operationOfName(name);
    case 'data_access': {
      const method = fields.peek(FIELD.httpMethod);
      if (method !== undefined) return operationOfHttpMethod(method);
      const judged = operationOfName(fields.peek(FIELD.dbOperation) ?? name);
      return judged === 'unknown' && fields.peek(FIELD.mcpMethod) !== undefined ? 'read' : judged;
    }
    case 'model_call':
    case 'agent_run':
    case 'delegation':
      return 'execute';
    case 'admin':
      return 'admin';
    default:
      return 'unknown';
  }
}

type Kinds = ReadonlyMap<string, EventKind | null>;

function kinds(rows: Readonly<Partial<Record<EventKind | 'none', string>>>): Kinds {
  return new Map(
    Object.entries(rows).flatMap(([kind, words]) =>
      words
        .split(' ')
        .map((word): [string, EventKind | null] => [
          word,
          kind === 'none' ? null : (kind as EventKind),
        ]),
    ),
  );
}

const GEN_AI_KINDS = kinds({
  tool_call: 'execute_tool',
  model_call:
    'chat text_completion generate_content embeddings completion rerank ' +
    'chat.completions text.completions textcompletion generatecontent',
  agent_run: 'invoke_agent create_agent invoke_workflow plan output_messages',
  // A step holds the model and tool calls that count by themselves.
  none: 'agent_step chain',
  data_access:
    'retrieval search_memory create_memory update_memory upsert_memory delete_memory ' +
    'create_memory_store delete_memory_store',
  authz_decision: 'run_guardrail execute_authorization',
  delegation: 'handoff',
});

const MCP_KINDS = kinds({
  tool_call: 'tools/call',
  data_access:
    'resources/read resources/list resources/templates/list resources/subscribe prompts/get ' +
    'prompts/list tools/list',
  model_call: 'sampling/createMessage',
  approval: 'elicitation/create',
});

const OPENINFERENCE_KINDS = kinds({
  model_call: 'LLM EMBEDDING RERANKER',
  tool_call: 'TOOL',
  data_access: 'RETRIEVER',
  agent_run: 'AGENT',
  authz_decision: 'GUARDRAIL',
  none: 'CHAIN PROMPT EVALUATOR',
});

/** Outer spans repeat the usage of their inner `doX` spans, so that they count as runs. */
const AI_SDK_KINDS = kinds({
  tool_call: 'ai.toolCall',
  model_call:
    'ai.generateText.doGenerate ai.streamText.doStream ai.generateObject.doGenerate ' +
    'ai.streamObject.doStream ai.embed.doEmbed ai.embedMany.doEmbed ai.rerank.doRerank',
  agent_run:
    'ai.generateText ai.streamText ai.generateObject ai.streamObject ai.embed ai.embedMany ' +
    'ai.rerank',
});

/** OpenLLMetry, LangSmith and Langfuse agree on these words. */
const FRAMEWORK_KINDS = kinds({
  tool_call: 'tool',
  model_call: 'llm generation embedding',
  data_access: 'retriever',
  agent_run: 'agent',
  authz_decision: 'guardrail',
  none: 'workflow task chain prompt parser evaluator',
});

/** Log events of Claude Code and Codex, without their prefix. */
const EVENT_NAME_KINDS = kinds({
  tool_call: 'tool_result',
  approval: 'tool_decision',
  model_call: 'api_request api_error api_refusal sse_event',
  agent_run: 'conversation_starts',
  task_start: 'user_prompt',
  admin: 'permission_mode_changed',
  authentication: 'auth',
  data_access: 'mcp_server_connection',
});

/** The execution inside a tool span, and the wait for a person, which its log record tells. */
const CLAUDE_SPAN_KINDS = kinds({
  agent_run: 'interaction',
  model_call: 'llm_request',
  tool_call: 'tool',
  none: 'tool.execution tool.blocked_on_user hook',
});

/** LiteLLM's call types, of which those that start with `a` are the asynchronous ones. */
const LITELLM_KINDS = kinds({
  tool_call: 'call_mcp_tool',
  model_call:
    'completion acompletion text_completion atext_completion embedding aembedding ' +
    'image_generation aimage_generation transcription atranscription speech aspeech rerank ' +
    'arerank responses aresponses anthropic_messages generate_content agenerate_content',
});
