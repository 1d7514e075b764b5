import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { TransparencyView } from '../../ports/transparency.ts';
import { type Guard, READERS, visibleTenants } from '../auth.ts';
import { IDENTIFIER } from '../parameters.ts';
import { notFound } from '../problem.ts';
import { defineRoute, type Route } from '../route.ts';

const LOG = z.strictObject({
  tenant: z.string(),
  origin: z.string().describe('First line of its checkpoints.'),
  verifier_key: z.string().describe('Who signs them, as C2SP signed-note writes it.'),
  checkpoint: z.string().nullable().describe('The newest, signed; null before the first.'),
  prefix: z.string().describe('Where the log is served, in the layout of C2SP tlog-tiles.'),
});

const SIZE = z.coerce.number().int().positive();
const HASH = z.string().describe('SHA-256, in base64.');
const CONSISTENCY = z.strictObject({
  origin: z.string(),
  from: z.number(),
  to: z.number(),
  from_root: HASH,
  to_root: HASH,
  hashes: z.array(HASH).describe('Checked as RFC 9162 section 2.1.4.2 says.'),
  checkpoint: z.string().nullable().describe('The newest, signed, where `to` is its size.'),
});

/** The transparency logs and proofs over them. */
export function ledgerRoutes(logs: TransparencyView): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/ledger/logs',
      summary: 'Transparency logs by tenant, with the key that signs their checkpoints.',
      access: READERS,
      query: z.strictObject({ tenant: IDENTIFIER.optional() }),
      answer: z.strictObject({ items: z.array(LOG) }),
      handle: ({ principal, query }) => ({
        items: logs.logs(visibleTenants(principal, query.tenant)).map((each) => ({
          tenant: each.tenant,
          origin: each.origin,
          verifier_key: each.verifierKey,
          checkpoint: logs.checkpoint(each.tenant),
          prefix: `/t/${encodeURIComponent(each.tenant)}/log`,
        })),
      }),
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/ledger/proof',
      summary: 'Proof that an entry is in its tenant’s log, as C2SP tlog-proof writes it.',
      access: READERS,
      query: z.strictObject({ tenant: IDENTIFIER, seq: z.coerce.number().int().positive() }),
      answer: z.strictObject({ proof: z.string() }),
      handle: async ({ principal, query }) => {
        const [tenant] = logs.logs(visibleTenants(principal, query.tenant));
        const proof = tenant && (await logs.proof(tenant.tenant, query.seq));
        if (!proof) throw notFound();
        return { proof };
      },
      shows: (_proof, { query: { tenant, seq } }) => [{ tenant, kind: 'proof', id: String(seq) }],
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/ledger/consistency',
      summary: 'Proof that a log has only grown since it had `from` entries.',
      access: READERS,
      query: z.strictObject({ tenant: IDENTIFIER, from: SIZE, to: SIZE.optional() }),
      answer: CONSISTENCY,
      handle: async ({ principal, query }) => {
        const [log] = logs.logs(visibleTenants(principal, query.tenant));
        const proof = log && (await logs.consistency(log.tenant, query.from, query.to ?? null));
        if (!proof) throw notFound();
        const { from, to, fromRoot, toRoot, hashes, checkpoint } = proof;
        const roots = { from_root: fromRoot, to_root: toRoot };
        return { origin: log.origin, from, to, ...roots, hashes: [...hashes], checkpoint };
      },
    }),
  ];
}

/** The logs themselves, in the layout of C2SP tlog-tiles below `/t/{tenant}/log`. */
export function mountLogs(app: FastifyInstance, logs: TransparencyView, guard: Guard): void {
  app.get<{ Params: { tenant: string; '*': string } }>('/t/:tenant/log/*', {
    onRequest: async (request) => void guard(request, READERS),
    handler: async (request, reply) => {
      const { tenant, '*': path } = request.params;
      const principal = guard(request, READERS);
      const [log] = logs.logs(visibleTenants(principal, tenant));
      if (log === undefined) throw notFound();
      if (path === 'checkpoint') {
        const checkpoint = logs.checkpoint(log.tenant);
        if (checkpoint === null) throw notFound();
        reply.header('cache-control', 'no-cache').type('text/plain; charset=utf-8');
        return checkpoint;
      }
      const file = await logs.file(log.tenant, path);
      if (file === null) throw notFound();
      // What a path names never changes.
      reply.header('cache-control', 'private, max-age=31536000, immutable');
      return reply.type('application/octet-stream').send(file);
    },
  });
}
