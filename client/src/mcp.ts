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
  /** Who calls, above all `agent`; tool and operation are filled in where absent. */
  readonly question: (call: ToolCall) => CheckQuestion | null;
  readonly approvalUrl?: (call: ToolCall) => string | null;
}

/** The part of `McpServer` (@modelcontextprotocol/sdk) that is used. */
export interface McpServerLike {
  registerTool(name: string, config: never, callback: never): unknown;
  /** The older way to register, `(name, description?, schema?, annotations?, callback)`. */
  tool?(name: string, ...rest: never[]): unknown;
}

/** What a refused call is answered with: an error that the model can read. */
export interface RefusedToolCall {
  readonly isError: true;
  readonly content: { readonly type: 'text'; readonly text: string }[];
  readonly _meta: Readonly<Record<string, unknown>>;
}

const META = 'tripcoil.dev/problem';

/**
 * Puts breakers before every tool that is registered on the server from now on, in either way, and
 * before what such a tool is changed to later. A refused call is a tool error with the problem as
 * text and under `_meta`. A call under way ends when a breaker opens over it, and its
 * `extra.signal` aborts. The session of the protocol is not the agent's: name that in `question`
 * where you know it.
 */
export function guardTools<Server extends McpServerLike>(
  server: Server,
  client: BreakerClient,
  options: McpBreakerOptions,
): Server {
  const put = (name: string, config: ToolConfig, callback: ToolCallback) =>
    guarded(client, options, name, config, callback);
  const register = server.registerTool.bind(server);
  server.registerTool = (name: string, config: ToolConfig, callback: ToolCallback) =>
    guardChanges(register(name, config as never, put(name, config, callback) as never), (changed) =>
      put(name, config, changed),
    );
  const older = server.tool?.bind(server);
  if (older) {
    server.tool = (name: string, ...rest: unknown[]) => {
      const config = { annotations: rest.find(isReadOnly) ?? {} };
      const guard = (callback: ToolCallback) => put(name, config, callback);
      const callback = guard(rest.at(-1) as ToolCallback);
      return guardChanges(older(name, ...([...rest.slice(0, -1), callback] as never[])), guard);
    };
  }
  return server;
}

/** A registered tool may be given another callback. */
function guardChanges(registered: unknown, guard: (callback: ToolCallback) => ToolCallback) {
  const tool = registered as { update?: (changes: { readonly callback?: ToolCallback }) => void };
  const update = tool?.update?.bind(tool);
  if (update) {
    tool.update = (changes) => {
      const { callback } = changes;
      update(callback === undefined ? changes : { ...changes, callback: guard(callback) });
    };
  }
  return registered;
}

function isReadOnly(value: unknown): value is { readonly readOnlyHint: true } {
  const given = typeof value === 'object' && value !== null ? value : {};
  return 'readOnlyHint' in given && given.readOnlyHint === true;
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
    const question = { tool, op, ...asked };
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
