import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodType } from 'zod';
import type { Evidence } from '../ports/evidence-views.ts';
import type { Principal } from '../ports/ingest.ts';
import type { Access, Guard } from './auth.ts';
import { type FieldProblem, isFieldName, RequestProblem } from './problem.ts';

interface RouteHead {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** With `:name` for a part of the path. */
  readonly path: string;
  /** One line for the API's description. */
  readonly summary: string;
  readonly access: Access;
}

/** What a handler gets: who calls, and the parts of the request, already checked. */
export interface Call<Params, Query, Body> {
  readonly principal: Principal;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

export interface RouteDefinition<Params, Query, Body, Answer> extends RouteHead {
  readonly params?: ZodType<Params>;
  readonly query?: ZodType<Query>;
  readonly body?: ZodType<Body>;
  /** Describes and, in tests, checks the answer. */
  readonly answer: ZodType<Answer>;
  handle(call: Call<Params, Query, Body>): Answer | Promise<Answer>;
  /** Which evidence an answer shows: whoever gets it is recorded as having seen that. */
  readonly shows?: (answer: Answer, call: Call<Params, Query, Body>) => readonly Evidence[];
}

/** Is told who was shown what. */
export type OnShown = (viewer: Principal, evidence: Evidence) => void;

/** A route with its types erased: what is mounted and what the description is made from. */
export interface Route extends RouteHead {
  readonly params: ZodType | null;
  readonly query: ZodType | null;
  readonly body: ZodType | null;
  readonly answer: ZodType;
  run(principal: Principal, request: FastifyRequest, onShown?: OnShown): Promise<unknown>;
}

/** Declares a route with its types inferred from its schemas. */
export function defineRoute<Params = unknown, Query = unknown, Body = unknown, Answer = unknown>(
  definition: RouteDefinition<Params, Query, Body, Answer>,
): Route {
  const { method, path, summary, access, params, query, body, answer } = definition;
  return {
    method,
    path,
    summary,
    access,
    params: params ?? null,
    query: query ?? null,
    body: body ?? null,
    answer,
    run: async (principal, request, onShown) => {
      const call = {
        principal,
        params: parsed(params, request.params),
        query: parsed(query, request.query),
        body: parsed(body, request.body),
      };
      const shown = await definition.handle(call);
      for (const evidence of definition.shows?.(shown, call) ?? []) onShown?.(principal, evidence);
      return shown;
    },
  };
}

/** Mounts routes; the caller is settled before a body is read. */
export function mountRoutes(
  app: FastifyInstance,
  routes: readonly Route[],
  guard: Guard,
  { onShown, ...options }: { readonly bodyLimit?: number; readonly onShown?: OnShown } = {},
): void {
  const callers = new WeakMap<FastifyRequest, Principal>();
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      ...options,
      onRequest: async (request) => {
        callers.set(request, guard(request, route.access));
      },
      handler: async (request) =>
        route.run(callers.get(request) ?? guard(request, route.access), request, onShown),
    });
  }
}

/** Without a schema the handler's type is `unknown`, so what is passed on cannot be relied upon. */
export function parsed<Value>(schema: ZodType<Value> | undefined, value: unknown): Value {
  if (schema === undefined) return undefined as Value;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems: readonly FieldProblem[] = result.error.issues.map((issue) => ({
    path: issue.path.join('.'),
    message: issue.code === 'unrecognized_keys' ? unknownFields(issue.keys) : issue.message,
  }));
  const [first] = problems;
  const place = first?.path ? `${first.path}: ` : '';
  throw new RequestProblem('bad_request', `${place}${first?.message ?? 'invalid'}`, problems);
}

/** Names the strange fields that look like a slip of the pen; others may hold anything. */
function unknownFields(keys: readonly string[]): string {
  const names = keys.filter(isFieldName).slice(0, SHOWN_FIELDS);
  return names.length === 0 ? 'unknown field' : `unknown field: ${names.join(', ')}`;
}

const SHOWN_FIELDS = 5;
