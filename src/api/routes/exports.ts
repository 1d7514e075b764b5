import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { chainIdOf } from '../../core/chain.ts';
import type { Finding } from '../../core/finding.ts';
import { LIMITS } from '../../core/limits.ts';
import { DAY_MS } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Control } from '../../ports/control.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import { EXPORT_FORMATS, type ExportOrder, type Exports } from '../../ports/exports.ts';
import type { Store } from '../../ports/store.ts';
import { type Guard, READERS, requireTenant, visibleTenants } from '../auth.ts';
import { CHAIN_ID, IDENTIFIER, INSTANT } from '../parameters.ts';
import { notFound, RequestProblem } from '../problem.ts';
import { recordedIds } from '../recorded-id.ts';
import { parsed } from '../route.ts';
import { actorOf } from './actor.ts';
import { together, wholeChain } from './chains.ts';

const QUERY = z.strictObject({
  chain: CHAIN_ID.optional(),
  finding: IDENTIFIER.optional(),
  agent: IDENTIFIER.optional(),
  tenant: IDENTIFIER.optional(),
  since: INSTANT.optional(),
  until: INSTANT.optional(),
  format: z.enum(EXPORT_FORMATS).default('bundle'),
  reason: z.string().trim().max(1_000).default(''),
  actor: IDENTIFIER.optional(),
});
type Query = z.output<typeof QUERY>;

export interface ExportDependencies {
  readonly exports: Exports;
  readonly store: Store;
  readonly view: EngineView;
  readonly control: Pick<Control, 'recordedKey'>;
  readonly clock: Clock;
}

/** `GET /v1/export`: evidence as a file; that it was taken is recorded before it is sent. */
export function mountExports(app: FastifyInstance, given: ExportDependencies, guard: Guard): void {
  app.get('/v1/export', {
    onRequest: async (request) => void guard(request, READERS),
    handler: async (request, reply) => {
      const principal = guard(request, READERS);
      const query = parsed(QUERY, request.query);
      if (query.tenant !== undefined) requireTenant(principal, query.tenant);
      const visible = visibleTenants(principal, query.tenant);
      const what = await resolved(given, visible, query);
      if (what === null) throw notFound();
      const { format, reason, actor } = query;
      const order = { ...what, format, reason, actor: actorOf(principal, actor) };
      const file = await given.exports.run(order);
      reply.header('content-disposition', `attachment; filename="${file.name}"`);
      reply.header('x-tripcoil-entries', String(file.entries));
      return reply.type(file.contentType).send(file.bytes);
    },
  });
}

type Resolved = Pick<ExportOrder, 'tenants' | 'subject' | 'asked'>;

function resolved(
  given: ExportDependencies,
  visible: readonly string[] | '*',
  query: Query,
): Promise<Resolved | null> {
  const { chain, finding, agent } = query;
  const asked = [chain, finding, agent].filter((name) => name !== undefined);
  if (asked.length !== 1) {
    throw new RequestProblem('bad_request', 'name one of chain, finding and agent', []);
  }
  if (chain !== undefined) return ofChain(given, visible, chain);
  if (finding !== undefined) return ofFinding(given, visible, finding);
  return ofAgent(given, query, agent ?? '');
}

async function ofChain(
  given: ExportDependencies,
  visible: readonly string[] | '*',
  chain: string,
): Promise<Resolved | null> {
  for (const name of recordedIds(given, visible, chain)) {
    const found = await inputsOf(given.store, name.tenants, name.id);
    if (found === null) continue;
    const { tenants, seqs, chains, whole } = found;
    const asked = { chain: name.id, ...(whole ? {} : PARTIAL) };
    return { tenants, asked, subject: { type: 'inputs', seqs, chains, findings: [] } };
  }
  return null;
}

const PARTIAL = { only: `the first ${LIMITS.chainSteps} records` };

async function inputsOf(store: Store, visible: readonly string[] | '*', id: string) {
  const found = await wholeChain(store, visible, id);
  if (found.rows.length === 0) return null;
  const { tenants, stored } = together(found);
  const rows = stored.rows.slice(0, LIMITS.chainSteps);
  const chains = new Set(rows.map(({ event }) => chainIdOf(event)));
  for (const { link } of stored.links) for (const id of [link.chain, link.alias]) chains.add(id);
  const seqs = rows.map(({ seq }) => seq);
  return { tenants, seqs, chains: [...chains], whole: found.rows.length <= LIMITS.chainSteps };
}

/** With the whole chain it is about, and the events that it names. */
async function ofFinding(
  { store }: ExportDependencies,
  visible: readonly string[] | '*',
  id: string,
): Promise<Resolved | null> {
  const [finding] = (await store.findings({ tenants: visible, id, limit: 1 })).rows;
  if (finding === undefined) return null;
  const tenants = [finding.tenant];
  const chain = finding.chain === '' ? null : await inputsOf(store, tenants, finding.chain);
  const seqs = new Set([...(chain?.seqs ?? []), ...(await evidenceOf(store, finding))]);
  // An id begins with the sequence of the input that caused it.
  const cause = Number(/^\d+/.exec(id)?.[0] ?? 0);
  if (cause > 0) seqs.add(cause);
  const chains = chain?.chains ?? [];
  const subject = { type: 'inputs', seqs: [...seqs], chains, findings: [id] } as const;
  return { tenants, asked: { finding: id }, subject };
}

async function evidenceOf(store: Store, { tenant, evidence }: Finding): Promise<readonly number[]> {
  const seqs: number[] = [];
  for (const id of evidence.events.slice(0, LIMITS.chainRows)) {
    const { rows } = await store.chain([tenant], id, LIMITS.chainSteps);
    for (const row of rows) if (row.event.id === id) seqs.push(row.seq);
  }
  return seqs;
}

async function ofAgent(
  { control, clock }: ExportDependencies,
  { tenant, since, until }: Query,
  agent: string,
): Promise<Resolved> {
  if (tenant === undefined) {
    throw new RequestProblem('bad_request', 'with an agent, name its tenant', []);
  }
  const end = until ?? clock.now() + 1;
  const start = since ?? end - DAY_MS;
  const { id } = control.recordedKey({ tenant, kind: 'agent', id: agent });
  const span = { since: new Date(start).toISOString(), until: new Date(end).toISOString() };
  const subject = { type: 'agent', agent: id, since: start, until: end } as const;
  return { tenants: [tenant], asked: { agent: `${tenant}/${id}`, ...span }, subject };
}
