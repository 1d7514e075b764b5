import type { BreakerClient } from './breaker-client.ts';
import { BreakerOpenError, type Problem } from './problem.ts';
import { runWatched } from './running.ts';
import type { CheckQuestion } from './verdict.ts';

/** What a tool of an MCP server is called with, beside its arguments. */
export interface ToolCallExtra {
  readonly signal: AbortSignal;
  readonly sessionId?: string | undefined;
  readonly authInfo?: { readonly clientId?: string } | undefined;
}

/** One call of a tool. */
export interface ToolCall {
  readonly tool: string;
  /** Undefined for a tool that takes none. */
  readonly arguments: unknown;
  readonly extra: ToolCallExtra;
  /** `read` where the tool's annotations say `readOnlyHint`, else `write`. */
  readonly op: 'read' | 'write';
}

export interface McpBreakerOptions {
  /** Who calls, above all `agent`; tool, operation and session are filled in where absent. */
  readonly question: (call: ToolCall) => CheckQuestion | null;
  readonly approvalUrl?: (call: ToolCall) => string | null;
}

/** The part of `McpServer` (@modelcontextprotocol/sdk) that is used. */
export interface McpServerLike {
  registerTool(name: string, config: never, callback: never): unknown;
}

/** What a refused call is answered with: an error that the model can read. */
export interface RefusedToolCall {
  readonly isError: true;
  readonly content: { readonly type: 'text'; readonly text: string }[];
  readonly _meta: Readonly<Record<string, unknown>>;
}

const META = 'tripcoil.dev/problem';

/**
 * Puts breakers before every tool that is registered on the server from now on. A refused call is a
 * tool error with the problem as text and under `_meta`. A call under way ends when a breaker opens
 * over it, and its `extra.signal` aborts.
 */
export function guardTools<Server extends McpServerLike>(
  server: Server,
  client: BreakerClient,
  options: McpBreakerOptions,
): Server {
  const register = server.registerTool.bind(server);
  server.registerTool = (name: string, config: ToolConfig, callback: ToolCallback) =>
    register(name, config as never, guarded(client, options, name, config, callback) as never);
  return server;
}

interface ToolConfig {
  readonly annotations?: { readonly readOnlyHint?: boolean };
}

/** `(arguments, extra)`, or `(extra)` for a tool without an input schema. */
type ToolCallback = (...given: unknown[]) => unknown;

function guarded(
  client: BreakerClient,
  options: McpBreakerOptions,
  tool: string,
  { annotations }: ToolConfig,
  callback: ToolCallback,
): ToolCallback {
  const op = annotations?.readOnlyHint === true ? 'read' : 'write';
  return async (...given) => {
    const extra = given.at(-1) as ToolCallExtra;
    const call = { tool, op, extra, arguments: given.length > 1 ? given[0] : undefined } as const;
    const asked = options.question(call);
    if (asked === null) return callback(...given);
    const { sessionId } = extra;
    const named = { tool, op, ...(sessionId !== undefined && { session: sessionId }) };
    const question = { ...named, ...asked };
    const problem = client.admit(question, options.approvalUrl?.(call) ?? null);
    if (problem !== null) return refusal(problem);
    try {
      return await runWatched(client.watch(question), async (signal) => {
        const both = { ...extra, signal: AbortSignal.any([extra.signal, signal]) };
        return callback(...given.slice(0, -1), both);
      });
    } catch (error) {
      if (error instanceof BreakerOpenError) return refusal(error.problem);
      throw error;
    }
  };
}

function refusal(problem: Problem): RefusedToolCall {
  const content = [{ type: 'text' as const, text: JSON.stringify(problem) }];
  return { isError: true, content, _meta: { [META]: problem } };
}
