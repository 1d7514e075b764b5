import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { GrantSet } from '../../core/grant.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Control } from '../../ports/control.ts';
import { OPERATORS, requireTenant } from '../auth.ts';
import type { GrantsBody } from '../contract.ts';
import { type FieldProblem, namedPath, RequestProblem } from '../problem.ts';
import { defineRoute, type Route } from '../route.ts';

/** Reads the grants file; the problems name keys and places, never values. */
export type ParseGrants = (
  text: string,
  contentType: string,
) =>
  | { readonly grants: ReadonlyMap<string, GrantSet> }
  | { readonly problems: readonly FieldProblem[] };

const CONTENT_TYPES = [
  'application/json',
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'text/x-yaml',
];

const GRANTS: z.ZodType<GrantsBody> = z.strictObject({
  tenants: z.array(z.strictObject({ tenant: z.string(), agents: z.int().min(0) })),
});

const DOCUMENT = z.strictObject({ text: z.string(), contentType: z.string() });

/** Replaces the grants of the tenants the document names; others keep theirs. */
export function grantsRoute(control: Control, parseGrants: ParseGrants): Route {
  return defineRoute({
    method: 'PUT',
    path: '/v1/grants',
    summary: 'Replace the grants of every tenant that the grants file (JSON or YAML) names.',
    access: OPERATORS,
    body: DOCUMENT,
    answer: GRANTS,
    handle: async ({ principal, body }) => {
      const parsed = parseGrants(body.text, body.contentType);
      if ('problems' in parsed) {
        const problems = parsed.problems.map(({ path, message }) => ({
          path: namedPath(path),
          message,
        }));
        const count = `${problems.length} problem${problems.length === 1 ? '' : 's'}`;
        throw new RequestProblem('config_invalid', `The grants have ${count}.`, problems);
      }
      const grants = [...parsed.grants];
      if (grants.length === 0) throw namesNobody();
      for (const [tenant] of grants) requireTenant(principal, tenant);
      for (const [tenant, set] of grants) await control.replaceGrants(tenant, set);
      return { tenants: grants.map(([tenant, { agents }]) => ({ tenant, agents: agents.length })) };
    },
  });
}

/** Facts alone would replace nothing: what holds for any tenant is read at the start. */
function namesNobody(): RequestProblem {
  const message = 'no agent or principal names a tenant, so nothing would be replaced';
  return new RequestProblem('config_invalid', 'The grants name no tenant.', [
    { path: 'agents', message: `${message}; facts alone belong in \`grants_file\`` },
  ]);
}

/** Hands the bodies of this scope over as text: the parser of grants reads both languages. */
export function takeGrantsText(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<string>(
    CONTENT_TYPES,
    { parseAs: 'string', bodyLimit: LIMITS.orderBytes },
    async (request: FastifyRequest, text: string) => ({
      text,
      contentType: request.headers['content-type'] ?? '',
    }),
  );
}
