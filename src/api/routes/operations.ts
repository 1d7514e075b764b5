import type { FastifyInstance } from 'fastify';
import { type Guard, READERS, requireEveryTenant } from '../auth.ts';
import type { ReadinessBody } from '../contract.ts';

export interface Operations {
  /** Why the process should get no traffic now, if so: ledger not writable, shutting down, … */
  readonly readiness: () => ReadinessBody;
  readonly exposition: { readonly contentType: string; text(): Promise<string> };
}

/** `/healthz`, `/readyz` and `/metrics`. The probes tell nothing that needs a credential. */
export function mountOperations(app: FastifyInstance, options: Operations, guard: Guard): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const readiness = options.readiness();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  app.get('/metrics', async (request, reply) => {
    // Figures of the whole process tell of every tenant.
    requireEveryTenant(guard(request, READERS));
    return reply.type(options.exposition.contentType).send(await options.exposition.text());
  });
}
